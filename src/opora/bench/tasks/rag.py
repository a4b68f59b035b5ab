"""Retrieval-augmented answering, with the passages that the search finds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from opora.answer.answerer import retrieve
from opora.bench.tasks.conditions import Condition, ConditionTask
from opora.records import Example
from opora.retrieval.search.searcher import Index


class RagTask(ConditionTask):
    """Retrieve passages for each question, answer it with each model, and score the answers."""

    method: Literal["rag"] = "rag"
    """Name of the task."""

    @property
    def row_names(self) -> Sequence[str]:
        return list(self.models)

    def conditions(self, examples: Sequence[Example], index: Index) -> list[Condition]:
        queries = retrieve([example.question for example in examples], index, self.ask.top_k)
        return [Condition({}, None, examples, queries)]
