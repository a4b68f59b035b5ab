"""Expected cost of a benchmark, from the number of questions and the size of passages.

In: a task, a number of questions. Out: calls, tokens and seconds; the time only for `smollm2` and `extractive`.
"""

from __future__ import annotations

from typing import Any

from opora.answer.throughput import (
    ANSWER_TOKENS,
    DECODE_TOKENS_PER_S,
    MODEL_LOADING_S,
    PREFILL_TOKENS_PER_S,
    QUESTIONS_PER_S,
    estimate_prompt_tokens,
)
from opora.artifacts.stage import Estimate
from opora.bench.tasks.base import Task
from opora.corpus.settings import ChunkSettings


def estimate_task(task: Task[Any], questions: int, chunk: ChunkSettings) -> Estimate:
    """Return the expected cost of a task on so many questions, over passages of the size in `chunk`."""
    if not task.models:
        return Estimate(seconds=questions / QUESTIONS_PER_S)
    models = [spec for spec in task.models.values() if spec != "extractive"]
    prompts = questions * len(task.passages_per_prompt)
    prompt_tokens = questions * sum(estimate_prompt_tokens(chunk, passages) for passages in task.passages_per_prompt)
    seconds = prompts * len(task.models) / QUESTIONS_PER_S
    generating = prompt_tokens / PREFILL_TOKENS_PER_S + prompts * ANSWER_TOKENS / DECODE_TOKENS_PER_S
    seconds += len(models) * (MODEL_LOADING_S + generating)
    return Estimate(
        calls=prompts * len(models),
        tokens=int(len(models) * (prompt_tokens + prompts * ANSWER_TOKENS)),
        seconds=seconds if all(spec.startswith("smollm2") for spec in models) else None,
    )
