"""What pins a model's weights, told without loading them.

revision_of(parse_spec("smollm2+train/raft"))      # 'b179c9523d0e6a0f+1f0c...'
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from opora.artifacts import fingerprint_of_file
from opora.errors import InputError, ModelError
from opora.models.smollm2 import smollm2_revision
from opora.models.spec import ModelSpec

ADAPTER_WEIGHTS = "adapter_model.safetensors"
DIGITS = 16


def revision_of(spec: ModelSpec) -> str:
    """A checksum of local weights, a commit of the hub's, the name of a server's; an adapter's checksum behind it.

    Raises InputError for an adapter that is not there, ModelError for a model that the hub does not give.
    """
    if spec.kind == "smollm2":
        base = smollm2_revision()[:DIGITS]
    elif spec.kind == "hf" and Path(spec.name).is_dir():
        base = _checksum(Path(spec.name), "*.safetensors", "config.json")
    elif spec.kind == "hf":
        base = _hub_commit(spec)
    else:
        base = spec.name or spec.kind
    if not spec.adapter:
        return base
    return f"{base}+{adapter_revision(spec.adapter)}"


def adapter_revision(adapter: str) -> str:
    """A checksum of an adapter's weights and shape. Raises InputError for one that is not there."""
    return _checksum(adapter_folder(adapter), ADAPTER_WEIGHTS, "adapter_config.json")


def adapter_folder(adapter: str) -> Path:
    """Where the adapter's files are: the folder itself, or `adapter/` of what `opora train` made."""
    for folder in (Path(adapter) / "adapter", Path(adapter)):
        if (folder / ADAPTER_WEIGHTS).exists():
            return folder
    raise InputError(f"adapter {adapter}: holds no {ADAPTER_WEIGHTS}; name a folder that `opora train` or PEFT wrote")


def _checksum(folder: Path, *patterns: str) -> str:
    """One checksum of all files that match."""
    files = sorted(path for pattern in patterns for path in folder.glob(pattern))
    return hashlib.sha256(" ".join(map(fingerprint_of_file, files)).encode()).hexdigest()[:DIGITS]


def _hub_commit(spec: ModelSpec) -> str:
    from transformers import AutoConfig

    try:
        config = AutoConfig.from_pretrained(spec.name, revision=spec.revision or None)
    except (OSError, ValueError) as error:
        raise ModelError(f"model {spec.name!r} does not load: {str(error).strip().splitlines()[0]}") from None
    return str(getattr(config, "_commit_hash", None) or spec.revision or "unknown")
