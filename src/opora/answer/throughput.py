"""Sizes of prompts and rates of computation, for estimates before a stage runs.

Rates were measured with SmolLM2-135M in fp32 on two CPU cores without AVX-512 (`benchmarks/`, dev/LOG.md).
"""

from __future__ import annotations

from opora.corpus.settings import ChunkSettings

CHARS_PER_TOKEN = 4.0
PROMPT_TOKENS = 120
"""Tokens of a prompt without its passages: instructions, question, chat template."""
ANSWER_TOKENS = 60
"""Tokens of a typical answer."""
QUESTIONS_PER_S = 15.0
"""Questions retrieved, prompted and scored per second, without the language model."""
TRAINING_TOKENS_PER_S, PREFILL_TOKENS_PER_S, DECODE_TOKENS_PER_S = 220.0, 500.0, 36.0
MODEL_LOADING_S = 15.0


def estimate_prompt_tokens(chunk: ChunkSettings, passages: int) -> float:
    """Return the expected tokens of a prompt with `passages` passages; a passage fills two thirds of its budget."""
    budget = chunk.size / CHARS_PER_TOKEN if chunk.size_unit == "characters" else chunk.size
    return passages * budget * 2 / 3 + PROMPT_TOKENS
