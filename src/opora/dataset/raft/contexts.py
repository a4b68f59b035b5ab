"""Questions that are asked over the same passages, so that training reads these once.

In: what the rows of a split ask, and where to take distractors from. Out: groups of rows that share a context, and the
passages of each. The gold of one question is a hard distractor for the others: it is of their document, or the index
finds it for them.

    for group in share_contexts(asked, settings, distractors):
        passages = draw_context(group, settings, distractors)
"""

from __future__ import annotations

import hashlib
import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from opora.console.progress import track
from opora.dataset.raft.settings import RaftSettings
from opora.examples.distractors import POOL, Distractors
from opora.examples.split import documents_of
from opora.records import Example, Passage


class Asked(NamedTuple):
    """A question as one row asks it. `gold` are the passages that answer it there, none if it is refused; `size` is the
    number of passages to show."""

    id: str
    example: Example
    gold: tuple[Passage, ...]
    size: int
    refused: bool


def share_contexts(asked: Iterable[Asked], settings: RaftSettings, distractors: Distractors) -> list[list[Asked]]:
    """`asked` in groups of at most `questions_per_context`, greedily, in an order drawn from the seed. Refusals choose
    their company first, lest they be left over; who finds none has a context of its own."""
    rows = sorted(asked, key=lambda row: (not row.refused, _salted(row.id, settings.seed)))
    if settings.questions_per_context == 1:
        return [[row] for row in rows]
    company = _Company(rows, distractors)
    groups: list[list[Asked]] = []
    for first in rows:
        if first.id in company.placed:
            continue
        group = [first]
        for row in company.of(first):
            if len(group) < settings.questions_per_context and company.admits(group, row):
                group.append(row)
        groups.append(group)
        company.place(group)
    return groups


def draw_context(group: Sequence[Asked], settings: RaftSettings, distractors: Distractors) -> list[Passage]:
    """The gold of all of `group`, filled up with passages that answer none of them, shuffled."""
    rng = random.Random(f"{settings.seed} {group[0].id}")
    gold = _gold(group)
    passages = distractors.draw([row.example for row in group], group[0].size - len(gold), settings.hard, rng)
    passages += gold
    rng.shuffle(passages)
    return passages


class _Company:
    """Who may be asked beside whom."""

    def __init__(self, rows: Sequence[Asked], distractors: Distractors) -> None:
        self._distractors = distractors
        self._about: dict[str, list[Asked]] = defaultdict(list)  # by passage that is gold, and by document
        for row in rows:
            for key in [*(passage.id for passage in row.gold), *documents_of(row.example)]:
                self._about[key].append(row)
        self._near: dict[str, list[str]] = {}  # what distractors would be drawn from, were the row alone
        one_each = {row.example.id: row for row in rows}.values()
        for row in track(one_each, "dataset contexts", total=len(one_each)):
            hard = distractors.near([row.example])[: POOL * row.size]
            self._near[row.example.id] = [passage.id for passage in hard if passage.id in self._about]
        self._met: dict[str, set[str]] = defaultdict(set)
        self.placed: set[str] = set()
        """Ids of the rows that have a group."""

    def of(self, row: Asked) -> list[Asked]:
        """Rows without a group to try beside `row`: those with an answer first, of these those that it has not met in
        another variant, of these those about its document, and then as the index ranks their gold for it."""
        documents, met = documents_of(row.example), self._met[row.example.id]
        keys = [*(passage.id for passage in row.gold), *self._near[row.example.id], *sorted(documents)]
        found = {other.id: other for key in keys for other in self._about.get(key, ()) if other.id not in self.placed}
        return sorted(
            found.values(),
            key=lambda each: (each.refused, each.example.id in met, documents.isdisjoint(documents_of(each.example))),
        )

    def admits(self, group: Sequence[Asked], new: Asked) -> bool:
        """True if `new` shows as many passages as the rows of `group`, all their gold fits in, and it is a hard
        distractor wherever it is not the gold. Rows of one question never meet."""
        gold = _gold([*group, new])
        return 0 < len(gold) <= new.size == group[0].size and all(
            row.example.id != new.example.id
            and row.example.language == new.example.language
            and self._is_hard(row, new)
            and self._is_hard(new, row)
            for row in group
        )

    def place(self, group: Sequence[Asked]) -> None:
        self.placed.update(row.id for row in group)
        for row in group:
            self._met[row.example.id].update(other.example.id for other in group)

    def _is_hard(self, one: Asked, other: Asked) -> bool:
        """True if the gold of `one` is that of `other` too, or does not answer it and is near: in the same document, or
        among the best hits."""
        related = not documents_of(one.example).isdisjoint(documents_of(other.example))
        own = {passage.id for passage in other.gold}
        return all(
            passage.id in own
            or passage.id in self._near[other.example.id]
            or (related and self._distractors.may_show(passage, other.example))
            for passage in one.gold
        )


def _gold(group: Sequence[Asked]) -> list[Passage]:
    return list({passage.id: passage for row in group for passage in row.gold}.values())


def _salted(row_id: str, seed: int) -> bytes:
    return hashlib.sha256(f"{seed} context {row_id}".encode()).digest()
