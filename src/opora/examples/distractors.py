"""Distractors: passages that do not answer a question, either its best hits (hard) or random ones."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Collection, Sequence

from opora.examples.evidence import matches_source
from opora.examples.support import states_answer
from opora.metrics.spans import overlap
from opora.records import Example, Passage
from opora.retrieval.search.searcher import Index

POOL_FACTOR = 4
"""Hard distractors are drawn from this many times as many best hits."""
SEARCH_DEPTH = 50
"""Number of hits per question that hard distractors come from."""


class Distractors:
    """Source of distractors: an index without the documents that must stay hidden."""

    def __init__(self, index: Index, hidden: Collection[str] = ()) -> None:
        self._index, self._hidden = index, frozenset(hidden)
        self._all = sorted(index.passages(), key=lambda passage: passage.id)

    def without(self, hidden: Collection[str]) -> Distractors:
        """Return the same source with more documents hidden, by id or by the name that questions use."""
        return Distractors(self._index, self._hidden | frozenset(hidden))

    def draw(self, examples: Sequence[Example], count: int, hard_share: float, rng: random.Random) -> list[Passage]:
        """Draw `count` passages that answer none of `examples`; fewer if there are not enough.

        The share `hard_share` comes from the best hits, the rest is random.
        """
        if not count:
            return []
        hard_count = round(hard_share * count)
        pool = self.hard_passages(examples)[: POOL_FACTOR * hard_count]
        drawn = rng.sample(pool, min(hard_count, len(pool)))
        drawn_ids = {passage.id for passage in drawn}
        for passage in rng.sample(self._all, len(self._all)):
            if len(drawn) == count:
                break
            if passage.id not in drawn_ids and self.is_allowed(passage, examples):
                drawn.append(passage)
        return drawn

    def hard_passages(self, examples: Sequence[Example]) -> list[Passage]:
        """Return the best hits that answer none of `examples`, by the sum of their ranks.

        A passage that is not a hit of an example has the rank after its last hit.
        """
        hits: dict[str, Passage] = {}
        ranks: Counter[str] = Counter()
        for example in examples:
            for hit in self._index.search(example.question, SEARCH_DEPTH):
                hits[hit.passage.id] = hit.passage
                ranks[hit.passage.id] += hit.rank - (SEARCH_DEPTH + 1)
        ordered = sorted(hits.values(), key=lambda passage: ranks[passage.id])
        return [passage for passage in ordered if self.is_allowed(passage, examples)]

    def is_allowed(self, passage: Passage, examples: Sequence[Example]) -> bool:
        """Return True if `passage` can be a distractor of all `examples`: not hidden, their language, no answer."""
        source, language = str(passage.metadata.get("source", "")), passage.metadata.get("language")
        if passage.document_id in self._hidden or any(matches_source(name, source) for name in self._hidden):
            return False
        return all(example.language == language and not holds_answer(passage, example) for example in examples)


def holds_answer(passage: Passage, example: Example) -> bool:
    """Return True if a passage overlaps a gold passage, or states the answer."""
    if passage.id in example.gold or any(overlap(passage, own) for own in example.passages):
        return True
    return example.behavior != "refuse" and states_answer(passage, example)
