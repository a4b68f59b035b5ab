"""Robustness to distractors: the gold passages among more and more passages that do not hold the answer."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Literal

from opora.bench.results.table import ConditionValues
from opora.bench.tasks.conditions import Condition, ConditionTask, query_over
from opora.console.progress import track
from opora.errors import InputError
from opora.examples.distractors import Distractors
from opora.examples.evidence import evidence
from opora.records import Example, Passage
from opora.retrieval.search.searcher import Index
from opora.validation import NonNegativeInt

DistractorKind = Literal["random", "hard"]


class DistractorsTask(ConditionTask):
    """Answer questions over their gold passages and a growing number of passages without the answer. Only for questions
    with gold passages."""

    method: Literal["distractors"] = "distractors"
    """Name of the task."""
    kinds: tuple[DistractorKind, ...] = ("random", "hard")
    """`hard`: the best hits of the search; `random`: any passages in the language of the question."""
    counts: tuple[NonNegativeInt, ...] = (0, 1, 2, 4, 8)
    """Numbers of distractors. 0 is always measured, and the others are compared with it."""

    @property
    def passages_per_prompt(self) -> Sequence[int]:
        return [1 + count for count, _ in self._variants()]

    def conditions(self, examples: Sequence[Example], index: Index) -> list[Condition]:
        answerable = [example for example in examples if example.gold]
        if not answerable:
            raise InputError(f"{self.questions}: no question has gold passages; distractors need some")
        drawn: dict[str, dict[str, list[Passage]]] = {kind: self._draw(kind, answerable, index) for kind in self.kinds}
        conditions = []
        for count, kind in self._variants():
            queries = []
            for example in answerable:
                # a larger count keeps the distractors of the smaller one
                distractors = drawn[kind][example.id][:count] if count else []
                passages = [*evidence(example), *distractors]
                shuffled = random.Random(f"{self.seed} {count} {example.id}").sample(passages, len(passages))
                queries.append(query_over(example, shuffled, index))
            values: ConditionValues = {"distractors": kind, "count": count}
            baseline: ConditionValues | None = {"distractors": "none", "count": 0} if count else None
            conditions.append(Condition(values, baseline, answerable, queries))
        return conditions

    def _variants(self) -> list[tuple[int, str]]:
        """Return (count, kind of distractors) of each condition."""
        counts = sorted({0, *self.counts})
        return [(count, kind) for count in counts for kind in (self.kinds if count else ("none",))]

    def _draw(self, kind: DistractorKind, examples: Sequence[Example], index: Index) -> dict[str, list[Passage]]:
        """Return the distractors of each question, as many as any condition needs, best first; random ones fill up."""
        source, count = Distractors(index), max(self.counts, default=0)
        drawn = {}
        for example in track(examples, f"{kind} distractors", total=len(examples)):
            hard = source.hard_passages([example])[:count] if kind == "hard" else []
            filler = source.draw([example], count, 0.0, random.Random(f"{self.seed} {example.id}"))
            drawn[example.id] = list({passage.id: passage for passage in [*hard, *filler]}.values())[:count]
        return drawn
