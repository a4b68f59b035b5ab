"""Sensitivity to the number, order and position of passages ("lost in the middle", Liu et al. 2024, arXiv:2307.03172).

PositionTask(PositionBenchSettings(passages=(5, 10), gold_positions=10)).measure(inputs)
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from opora.answer.answerer import retrieve
from opora.bench.results.table import ConditionValues
from opora.bench.tasks.base import AnswerBenchSettings
from opora.bench.tasks.conditions import Condition, ConditionTask, query_over
from opora.errors import InputError
from opora.examples.distractors import Distractors
from opora.examples.evidence import evidence
from opora.records import Example, Hit
from opora.retrieval.search.searcher import Index
from opora.validation import NonNegativeInt, PositiveInt

Order = Literal["default", "reverse", "random"]


class PositionBenchSettings(AnswerBenchSettings):
    """Answer the same questions over more or fewer passages, in several orders, and with the gold passage at each
    position."""

    renamed: ClassVar = {"sweep": "gold_positions"}

    method: Literal["position"] = "position"
    """Name of the task."""
    passages: Annotated[tuple[PositiveInt, ...], Field(min_length=1)] = (5, 10, 20)
    """Numbers of retrieved passages to show."""
    orders: Annotated[tuple[Order, ...], Field(min_length=1)] = ("default", "reverse", "random")
    """Orders of the retrieved passages; `default`: best first."""
    gold_positions: NonNegativeInt = 10
    """Number of passages among which the gold passage takes each position in turn; the others are the best hits without
    the answer. Only for questions with a single gold passage; 0: leave this part out."""

    def open_task(self) -> PositionTask:
        return PositionTask(self)


class PositionTask(ConditionTask[PositionBenchSettings]):
    """Varies the number and order of retrieved passages, and the position of the gold one."""

    @property
    def passages_per_prompt(self) -> Sequence[int]:
        retrieved = [count for count in set(self.settings.passages) for _ in set(self.settings.orders)]
        return retrieved + [self.settings.gold_positions] * self.settings.gold_positions

    def conditions(self, examples: Sequence[Example], index: Index) -> list[Condition]:
        return [*self._orders(examples, index), *self._gold_positions(examples, index)]

    def _orders(self, examples: Sequence[Example], index: Index) -> Iterator[Condition]:
        settings = self.settings
        queries = retrieve([example.question for example in examples], index, max(settings.passages))
        for count in dict.fromkeys(settings.passages):
            for order in dict.fromkeys(settings.orders):
                values: ConditionValues = {"passages": count, "order": order}
                first_order = order == settings.orders[0]
                baseline: ConditionValues = {
                    "passages": settings.passages[0] if first_order else count,
                    "order": order if first_order else settings.orders[0],
                }
                reordered = [
                    query._replace(hits=_reordered(query.hits[:count], order, f"{settings.seed} {example.id}"))
                    for query, example in zip(queries, examples, strict=True)
                ]
                yield Condition(values, None if baseline == values else baseline, examples, reordered)

    def _gold_positions(self, examples: Sequence[Example], index: Index) -> Iterator[Condition]:
        count = self.settings.gold_positions
        if not count:
            return
        single = [example for example in examples if len(evidence(example)) == 1]
        if not single:
            raise InputError(
                f"{self.settings.questions}: no question has a single gold passage; set gold_positions to 0"
            )
        distractors = Distractors(index)
        around = {example.id: distractors.hard_passages([example])[: count - 1] for example in single}
        single = [example for example in single if len(around[example.id]) == count - 1]
        if not single:
            raise InputError(f"the index has fewer than {count} passages for each question; lower gold_positions")
        for slot in range(1, count + 1):
            queries = [
                query_over(
                    example,
                    [*around[example.id][: slot - 1], evidence(example)[0], *around[example.id][slot - 1 :]],
                    index,
                )
                for example in single
            ]
            values: ConditionValues = {"passages": count, "slot": slot}
            yield Condition(values, {**values, "slot": 1} if slot > 1 else None, single, queries)


def _reordered(hits: Sequence[Hit], order: Order, seed: str) -> tuple[Hit, ...]:
    """Return the hits in `order`, with their ranks."""
    if order == "reverse":
        hits = list(reversed(hits))
    if order == "random":
        hits = random.Random(seed).sample(list(hits), len(hits))
    return tuple(hit.model_copy(update={"rank": rank}) for rank, hit in enumerate(hits, 1))
