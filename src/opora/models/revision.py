"""Source and revision of a model's weights, found without loading them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from opora.artifacts import fingerprint_of_file
from opora.errors import InputError, ModelError, first_line
from opora.models.smollm2 import smollm2_folder, smollm2_revision
from opora.models.spec import Spec

if TYPE_CHECKING:
    from transformers import PreTrainedConfig

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
        base = str(getattr(load_config(spec), "_commit_hash", None) or spec.revision or "unknown")
    else:
        base = spec.name or spec.kind
    return f"{base}+{adapter_revision(spec.adapter)}" if spec.adapter else base


def adapter_revision(adapter: str) -> str:
    """Return the checksum of an adapter's weights and config. Raises InputError if it is missing."""
    return _checksum(adapter_folder(adapter), ADAPTER_WEIGHTS, "adapter_config.json")


def adapter_folder(adapter: str) -> Path:
    """Return the folder of the adapter's files: `adapter/` inside the output of `opora train`, or the folder itself."""
    for folder in (Path(adapter) / "adapter", Path(adapter)):
        if (folder / ADAPTER_WEIGHTS).exists():
            return folder
    raise InputError(f"adapter {adapter} contains no {ADAPTER_WEIGHTS}; use a folder written by `opora train` or PEFT")


def model_source(spec: Spec) -> str:
    """Return the folder or Hugging Face name that transformers loads a model from."""
    return str(smollm2_folder()) if spec.kind == "smollm2" else spec.name


def load_config(spec: Spec) -> PreTrainedConfig:
    """Load the config of a model's architecture. Raises ModelError."""
    from transformers import AutoConfig

    try:
        config: PreTrainedConfig = AutoConfig.from_pretrained(model_source(spec), revision=spec.revision or None)
    except (OSError, ValueError) as error:
        raise ModelError(f"model {spec.name!r} does not load: {first_line(error)}") from None
    return config


def _checksum(folder: Path, *patterns: str) -> str:
    """Return one checksum of all files that match."""
    files = sorted(path for pattern in patterns for path in folder.glob(pattern))
    return hashlib.sha256(" ".join(map(fingerprint_of_file, files)).encode()).hexdigest()[:DIGITS]
