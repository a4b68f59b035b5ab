"""Tasks that answer the same questions under several conditions, such as 5 or 10 passages.

for condition in task.conditions(examples, index):
    condition.name, condition.queries      # '10 passages, reverse order', [RetrievedQuestion(...), ...]
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from opora.answer.answerer import RetrievedQuestion, open_answerer, question_language
from opora.bench.results.i18n import condition_in_words, words_in
from opora.bench.results.metrics import score_answer
from opora.bench.results.table import AnswerRow, ConditionValues, Entry, entries_of
from opora.bench.tasks.base import ModelTask, TaskInputs, TaskResult, row_fields
from opora.records import Answer, Example, Hit, Passage
from opora.retrieval.search.searcher import Index


class Condition(NamedTuple):
    """One variant of the prompts, for all questions that it applies to."""

    values: ConditionValues
    """Name -> value of what is varied; empty if nothing is."""
    baseline: ConditionValues | None
    """Condition that this one is compared with."""
    examples: Sequence[Example]
    queries: Sequence[RetrievedQuestion]
    """Question and passages of each example."""

    @property
    def name(self) -> str:
        """Name in English: '10 passages, reverse order'."""
        return condition_in_words(self.values, words_in("en"))


class ConditionTask(ModelTask):
    """A task whose models answer in words, under one or more conditions."""

    @property
    def row_names(self) -> Sequence[str]:
        return ()  # each model is compared with itself under another condition

    def conditions(self, examples: Sequence[Example], index: Index) -> list[Condition]:
        """Return the conditions in the order of the table. Raises InputError if no question fits the task."""
        raise NotImplementedError

    def measure(self, inputs: TaskInputs) -> TaskResult:
        conditions = self.conditions(inputs.examples, inputs.index)
        rows = self.rows_of_models(partial(self._answer, conditions, inputs))
        return TaskResult(rows, self._entries(conditions))

    def _answer(self, conditions: Sequence[Condition], inputs: TaskInputs, model: str, spec: str) -> list[AnswerRow]:
        answerer = open_answerer(spec, inputs.index, self.ask, partial(inputs.cached_model, model))
        answers = iter(answerer.answer([query for condition in conditions for query in condition.queries]))
        return [
            _row(model, condition, example, next(answers)) for condition in conditions for example in condition.examples
        ]

    def _entries(self, conditions: Sequence[Condition]) -> list[Entry]:
        """Return one entry per model, or per model and condition."""
        if not any(condition.values for condition in conditions):
            return entries_of(self.models, self.baseline)
        entries = []
        for model, spec in self.models.items():
            prefix = f"{model}: " if len(self.models) > 1 else ""
            for condition in conditions:
                baseline = prefix + condition_in_words(condition.baseline, words_in("en")) if condition.baseline else ""
                entries.append(Entry(prefix + condition.name, spec, model, condition.values, baseline))
        return entries


def _row(model: str, condition: Condition, example: Example, answer: Answer) -> AnswerRow:
    scores = {metric: score.value for metric, score in score_answer(example, answer).items()}
    return AnswerRow(
        **row_fields(example),
        model=model,
        condition=condition.values,
        scores=scores | {"seconds": answer.seconds},
        reference=example.answer,
        behavior=example.behavior,
        gold=example.gold,
        quotes=tuple(quote.text for quote in example.quotes),
        answer=answer,
    )


def query_over(example: Example, passages: Sequence[Passage], index: Index) -> RetrievedQuestion:
    """Return the question of an example over `passages`, in that order."""
    hits = tuple(Hit(passage=passage, rank=rank) for rank, passage in enumerate(passages, 1))
    return RetrievedQuestion(example.question, question_language(example.question, index), hits)
