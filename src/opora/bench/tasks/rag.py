"""Benchmarks whose questions are answered: each model under each condition.

In: settings of the methods rag, position or distractors, questions with their gold, an index. Out: a scored row a
model, condition and question.

    answer_all(settings, examples, index, completions, load_model, "position")
"""

from __future__ import annotations

import gc
from collections.abc import Sequence
from functools import partial

from opora.answer.answerer import open_answerer
from opora.artifacts import Journal
from opora.bench.results.table import AnswerRow, Entry, entries_of
from opora.bench.settings import AnswerBenchSettings
from opora.bench.tasks.base import Measured, about, tokens_of
from opora.bench.tasks.conditions import Condition, condition_name, conditions_of
from opora.bench.tasks.scoring import score_answer
from opora.errors import InputError, ModelError
from opora.models.registry import LoadModel
from opora.models.response_cache import Remembered
from opora.records import Answer, Example
from opora.retrieval.search.searcher import Index


def answer_all(
    settings: AnswerBenchSettings,
    examples: Sequence[Example],
    index: Index,
    completions: Journal,
    load: LoadModel,
    name: str,
) -> Measured:
    """Each (model, prompt) is answered once. Raises InputError or ModelError that names the model."""
    conditions = conditions_of(settings, examples, index)
    rows: list[AnswerRow] = []
    for model, spec in settings.models.items():
        remembering = partial(Remembered, journal=completions, label=f"bench {name} {model}", load=load)
        try:
            answerer = open_answerer(spec, index, settings.ask, remembering)
            answers = iter(answerer.answer([asked for each in conditions for asked in each.asked]))
        except (InputError, ModelError) as error:
            kind = ModelError if isinstance(error, ModelError) else InputError
            raise kind(f"bench row {model!r} ({spec}): {error}") from error
        for condition in conditions:
            rows += [_row(model, condition, example, next(answers)) for example in condition.examples]
        gc.collect()  # a model may stand in a cycle of references, and the next one needs its memory
    return Measured(rows, _entries(settings, conditions), tokens=tokens_of(rows))


def _row(model: str, condition: Condition, example: Example, answer: Answer) -> AnswerRow:
    scores = {metric: score.value for metric, score in score_answer(example, answer).items()}
    return AnswerRow(
        **about(example),
        model=model,
        condition=condition.values,
        scores=scores | {"seconds": answer.seconds},
        reference=example.answer,
        behavior=example.behavior,
        gold=example.gold,
        quotes=tuple(quote.text for quote in example.quotes),
        answer=answer,
    )


def _entries(settings: AnswerBenchSettings, conditions: Sequence[Condition]) -> list[Entry]:
    """Models are compared with the baseline; where there are conditions, each model with itself under another."""
    if not any(condition.values for condition in conditions):
        return entries_of(settings.models, settings.baseline)

    def name(model: str, condition: str) -> str:
        return f"{model}: {condition}" if len(settings.models) > 1 else condition

    return [
        Entry(
            name(model, condition.name),
            spec,
            model,
            condition.values,
            name(model, condition_name(condition.against)) if condition.against else "",
        )
        for model, spec in settings.models.items()
        for condition in conditions
    ]
