"""What a stage will take: calls to models, tokens, time.

In: a recipe, and the name of a stage. Out: an estimate from the size of its inputs. Rates are those of SmolLM2 and of
our own code on two CPU cores without AVX-512 (`benchmarks/`, dev/LOG.md); for other models the time is not known.

    estimate(recipe, "bench.en", Path("."))      # Estimate(calls=180, tokens=129600, seconds=290.0)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from opora.bench.judge.forecast import forecast
from opora.bench.judge.settings import JudgeBenchSettings
from opora.bench.judge.stage import judged_rows
from opora.bench.settings import AnswerBenchSettings, BenchSettings
from opora.bench.tasks.conditions import passages_shown
from opora.corpus.sources.files import find_sources
from opora.examples.reader import read_questions
from opora.recipe.recipe import Recipe
from opora.records import Example
from opora.train.settings import TrainSettings

CHARS_PER_TOKEN = 4.0
PROMPT_TOKENS, ANSWER_TOKENS = 120, 60
"""Of a prompt besides its passages, and of an answer."""
JUDGE_PROMPT_TOKENS = 800
DOCUMENTS_PER_S, DOCUMENT_CHARS = 8.0, 3500
QUESTIONS_PER_S = 15.0
TRAINED_TOKENS_PER_S, READ_TOKENS_PER_S, WRITTEN_TOKENS_PER_S = 220.0, 500.0, 36.0
"""SmolLM2: training, reading a prompt and writing an answer, in fp32."""
LOADING_S = 15.0


class Estimate(NamedTuple):
    """`calls` and `tokens` are those of language models; `seconds` is None where there is no rate to go by."""

    calls: int
    tokens: int
    seconds: float | None


def estimate(recipe: Recipe, stage: str, root: Path) -> Estimate:
    """Raises InputError if documents or questions that the stage reads are not there."""
    section, _, name = stage.partition(".")
    if section in ("ingest", "index"):
        documents = len(find_sources(recipe.ingest.folders, recipe.ingest.exclude, root))
        return Estimate(0, 0, 3.0 + documents / DOCUMENTS_PER_S)
    if section == "dataset":
        rows = _asked(root / recipe.dataset[name].questions, recipe.dataset[name].language)
        return Estimate(0, 0, 5.0 + len(rows) * recipe.dataset[name].variants / QUESTIONS_PER_S)
    if section == "train":
        return _train(recipe, name, root)
    return _bench(recipe, name, root) if section == "bench" else Estimate(0, 0, 10.0)


def _train(recipe: Recipe, name: str, root: Path) -> Estimate:
    settings = recipe.train[name]
    if not isinstance(settings, TrainSettings):
        return Estimate(0, 0, None)
    if not settings.mix.keys() <= recipe.dataset.keys():
        return Estimate(0, 0, None)
    examples, tokens_of_all = 0, 0.0
    for each, share in settings.mix.items():
        dataset = recipe.dataset[each]
        asked = [one for one in _asked(root / dataset.questions, dataset.language) if one.split != "test"]
        rows = round(share * math.ceil(len(asked) * (1 - dataset.valid)) * dataset.variants)
        examples += rows
        tokens_of_all += rows * _row_tokens(recipe, dataset.distractors + 1)
    steps = math.ceil(settings.epochs * examples / settings.batch_size)
    taken = min(steps, settings.max_steps or steps) * settings.batch_size
    tokens = int(taken * tokens_of_all / max(1, examples))
    return Estimate(0, tokens, LOADING_S + tokens / TRAINED_TOKENS_PER_S if settings.model == "smollm2" else None)


def _bench(recipe: Recipe, name: str, root: Path) -> Estimate:
    settings = recipe.bench[name]
    if isinstance(settings, JudgeBenchSettings):
        return _judge(recipe, settings, name, root)
    count = _count(settings, root)
    if not isinstance(settings, AnswerBenchSettings):
        return Estimate(0, 0, count / QUESTIONS_PER_S)
    specs = [spec for spec in settings.models.values() if spec != "extractive"]
    shown = passages_shown(settings)
    prompts = count * sum(_row_tokens(recipe, passages) - ANSWER_TOKENS for passages in shown)
    calls = count * len(shown)
    seconds = calls * len(settings.models) / QUESTIONS_PER_S
    answering = prompts / READ_TOKENS_PER_S + calls * ANSWER_TOKENS / WRITTEN_TOKENS_PER_S
    seconds += len(specs) * (LOADING_S + answering)
    known = all(spec.startswith("smollm2") for spec in specs)
    tokens = int(len(specs) * (prompts + calls * ANSWER_TOKENS))
    return Estimate(calls * len(specs), tokens, seconds if known else None)


def _judge(recipe: Recipe, settings: JudgeBenchSettings, name: str, root: Path) -> Estimate:
    """By the answers that are there, else by those that will be."""
    benches = root / "bench"
    if (benches / settings.of / "manifest.json").exists():
        told = forecast(settings, judged_rows(settings, benches)[1], benches / name)
        return Estimate(told.calls, told.prompt_tokens + told.completion_tokens, None)
    judged = recipe.bench.get(settings.of)
    if not isinstance(judged, AnswerBenchSettings):
        return Estimate(0, 0, None)
    answers = _count(judged, root) * len(passages_shown(judged)) * len(judged.models)
    return Estimate(answers, answers * (JUDGE_PROMPT_TOKENS + ANSWER_TOKENS), None)


def _count(settings: BenchSettings, root: Path) -> int:
    """How many questions a benchmark asks."""
    asked = _asked(root / settings.questions, settings.language)
    count = sum(settings.split == "all" or each.split in (None, settings.split) for each in asked)
    return min(count, settings.limit or count)


def _row_tokens(recipe: Recipe, passages: int) -> float:
    """Tokens of a prompt with so many passages, and of its answer; a passage fills two thirds of its budget."""
    chars = recipe.ingest.chunk.size * (1.0 if recipe.ingest.chunk.unit == "characters" else CHARS_PER_TOKEN)
    return passages * chars * 2 / 3 / CHARS_PER_TOKEN + PROMPT_TOKENS + ANSWER_TOKENS


def _asked(path: Path, language: str) -> Sequence[Example]:
    return [example for example in read_questions(path) if not language or example.language == language]
