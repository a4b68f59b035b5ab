"""Revision of a model's weights, found without loading them.

model_revision(parse_spec("smollm2+train/raft"))      # 'b179c9523d0e6a0f+1f0c...'
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from opora.artifacts import fingerprint_of_file
from opora.errors import InputError, ModelError
from opora.models.smollm2 import smollm2_revision
from opora.models.spec import Spec

ADAPTER_WEIGHTS = "adapter_model.safetensors"
DIGITS = 16


def model_revision(spec: Spec) -> str:
    """Return the checksum of local weights, the commit of a hub model, or the name of a server's model.

    The checksum of an adapter follows after `+`. Raises InputError for a missing adapter, ModelError for a model that
    the hub does not return.
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
    """Return the checksum of an adapter's weights and config. Raises InputError if it is missing."""
    return _checksum(adapter_folder(adapter), ADAPTER_WEIGHTS, "adapter_config.json")


def adapter_folder(adapter: str) -> Path:
    """Return the folder of the adapter's files: `adapter/` inside the output of `opora train`, or the folder itself."""
    for folder in (Path(adapter) / "adapter", Path(adapter)):
        if (folder / ADAPTER_WEIGHTS).exists():
            return folder
    raise InputError(f"adapter {adapter} contains no {ADAPTER_WEIGHTS}; use a folder written by `opora train` or PEFT")


def _checksum(folder: Path, *patterns: str) -> str:
    """Return one checksum of all files that match."""
    files = sorted(path for pattern in patterns for path in folder.glob(pattern))
    return hashlib.sha256(" ".join(map(fingerprint_of_file, files)).encode()).hexdigest()[:DIGITS]


def _hub_commit(spec: Spec) -> str:
    from transformers import AutoConfig

    try:
        config = AutoConfig.from_pretrained(spec.name, revision=spec.revision or None)
    except (OSError, ValueError) as error:
        raise ModelError(f"model {spec.name!r} does not load: {str(error).strip().splitlines()[0]}") from None
    return str(getattr(config, "_commit_hash", None) or spec.revision or "unknown")
