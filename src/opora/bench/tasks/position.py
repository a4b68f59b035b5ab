"""Sensitivity to number, order and position of passages ("lost in the middle", Liu et al. 2024, arXiv:2307.03172)."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from opora.answer.answerer import retrieve
from opora.bench.results.table import ConditionValues
from opora.bench.tasks.conditions import Condition, ConditionTask, query_over
from opora.errors import InputError
from opora.examples.distractors import Distractors
from opora.examples.evidence import evidence
from opora.records import Example, Hit
from opora.retrieval.search.searcher import Index
from opora.validation import NonNegativeInt, PositiveInt

Order = Literal["default", "reverse", "random"]


class PositionTask(ConditionTask):
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

    @property
    def passages_per_prompt(self) -> Sequence[int]:
        retrieved = [count for count in set(self.passages) for _ in set(self.orders)]
        return retrieved + [self.gold_positions] * self.gold_positions

    def conditions(self, examples: Sequence[Example], index: Index) -> list[Condition]:
        return [*self._orders(examples, index), *self._gold_positions(examples, index)]

    def _orders(self, examples: Sequence[Example], index: Index) -> Iterator[Condition]:
        queries = retrieve([example.question for example in examples], index, max(self.passages))
        for count in dict.fromkeys(self.passages):
            for order in dict.fromkeys(self.orders):
                values: ConditionValues = {"passages": count, "order": order}
                # the first order is compared over the numbers of passages, the others with the first order
                base_count = self.passages[0] if order == self.orders[0] else count
                baseline: ConditionValues = {"passages": base_count, "order": self.orders[0]}
                reordered = [
                    query._replace(hits=_reordered(query.hits[:count], order, f"{self.seed} {example.id}"))
                    for query, example in zip(queries, examples, strict=True)
                ]
                yield Condition(values, None if baseline == values else baseline, examples, reordered)

    def _gold_positions(self, examples: Sequence[Example], index: Index) -> Iterator[Condition]:
        count = self.gold_positions
        if not count:
            return
        single = [example for example in examples if len(evidence(example)) == 1]
        if not single:
            raise InputError(f"{self.questions}: no question has a single gold passage; set gold_positions to 0")
        distractors = Distractors(index)
        around = {example.id: distractors.hard_passages([example])[: count - 1] for example in single}
        single = [example for example in single if len(around[example.id]) == count - 1]
        if not single:
            raise InputError(f"the index has fewer than {count} passages for each question; lower gold_positions")
        for position in range(1, count + 1):
            queries = []
            for example in single:
                passages = around[example.id].copy()
                passages.insert(position - 1, evidence(example)[0])
                queries.append(query_over(example, passages, index))
            values: ConditionValues = {"passages": count, "gold_position": position}
            yield Condition(values, {**values, "gold_position": 1} if position > 1 else None, single, queries)


def _reordered(hits: Sequence[Hit], order: Order, seed: str) -> tuple[Hit, ...]:
    """Return the hits in `order`, with their ranks."""
    if order == "reverse":
        hits = list(reversed(hits))
    if order == "random":
        hits = random.Random(seed).sample(list(hits), len(hits))
    return tuple(hit.model_copy(update={"rank": rank}) for rank, hit in enumerate(hits, 1))
