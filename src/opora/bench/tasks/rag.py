"""Retrieval-augmented answering: retrieve passages for each question, answer it with each model, score the answer.

RagTask(RagBenchSettings(models={"smollm2": "smollm2"})).measure(inputs)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from opora.answer.answerer import retrieve
from opora.bench.tasks.base import AnswerBenchSettings
from opora.bench.tasks.conditions import Condition, ConditionTask
from opora.records import Example
from opora.retrieval.search.searcher import Index


class RagBenchSettings(AnswerBenchSettings):
    """Retrieve passages for each question, answer it with each model, and score the answers."""

    method: Literal["rag"] = "rag"
    """Name of the task."""

    def open_task(self) -> RagTask:
        return RagTask(self)


class RagTask(ConditionTask[RagBenchSettings]):
    """Answers each question over the passages that the search finds."""

    @property
    def row_names(self) -> Sequence[str]:
        return list(self.settings.models)

    @property
    def passages_per_prompt(self) -> Sequence[int]:
        return [self.settings.ask.top_k]

    def conditions(self, examples: Sequence[Example], index: Index) -> list[Condition]:
        queries = retrieve([example.question for example in examples], index, self.settings.ask.top_k)
        return [Condition({}, None, examples, queries)]
