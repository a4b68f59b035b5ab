"""Passages that do not hold the answer: the hard ones that the index finds for the question, and random ones.

In: examples and how many. Out: passages in their language, from documents that may be shown, none of which holds an
answer.

    Distractors(index).without({"1f0c"}).draw([example], count=3, hard=1.0, rng=random.Random(0))
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Collection, Sequence

from opora.examples.evidence import names_source
from opora.metrics.key_facts import key_fact_share
from opora.records import Example, Passage
from opora.retrieval.search.searcher import Index
from opora.text.quotes import locate
from opora.text.terms.stems import terms

POOL = 4
"""Hard distractors are drawn from this many times as many best hits."""
DEPTH = 50
ANSWER_SHARE = 0.7
"""Where a question has neither quotes nor key facts: a passage with this share of the answer's terms holds it."""


class Distractors:
    """Where distractors come from: an index, less the documents that must not be shown."""

    def __init__(self, index: Index, hidden: Collection[str] = ()) -> None:
        self._index, self._hidden = index, frozenset(hidden)
        self._all = sorted(index.passages(), key=lambda passage: passage.id)

    def without(self, hidden: Collection[str]) -> Distractors:
        """The same, less the documents `hidden`, by id or by the name that questions give them."""
        return Distractors(self._index, self._hidden | frozenset(hidden))

    def draw(self, examples: Sequence[Example], count: int, hard: float, rng: random.Random) -> list[Passage]:
        """`count` passages that answer none of `examples`, a share `hard` of them among the best hits; fewer only if
        there are no more."""
        if not count:
            return []
        allowed = self.near(examples)
        wanted = round(hard * count)
        pool = allowed[: max(POOL * wanted, wanted)]
        drawn = rng.sample(pool, min(wanted, len(pool)))
        taken = {passage.id for passage in drawn}
        order = rng.sample(range(len(self._all)), len(self._all))
        for passage in map(self._all.__getitem__, order):
            if len(drawn) == count:
                break
            if passage.id not in taken and self._may_show_all(passage, examples):
                drawn.append(passage)
        return drawn

    def near(self, examples: Sequence[Example]) -> list[Passage]:
        """The best hits of `examples` that answer none of them, by the sum of their ranks; one that is no hit of a
        question ranks behind its last."""
        hits: dict[str, Passage] = {}
        ranks: Counter[str] = Counter()
        for example in examples:
            for hit in self._index.search(example.question, DEPTH):
                hits[hit.passage.id] = hit.passage
                ranks[hit.passage.id] += hit.rank - (DEPTH + 1)
        ordered = sorted(hits.values(), key=lambda passage: ranks[passage.id])
        return [passage for passage in ordered if self._may_show_all(passage, examples)]

    def may_show(self, passage: Passage, example: Example) -> bool:
        """True if `passage` is a distractor for `example`: in its language, not hidden, without the answer."""
        source = str(passage.metadata.get("source", ""))
        return (
            passage.metadata.get("language") == example.language
            and passage.document_id not in self._hidden
            and not any(names_source(name, source) for name in self._hidden)
            and not holds_answer(passage, example)
        )

    def _may_show_all(self, passage: Passage, examples: Sequence[Example]) -> bool:
        return all(self.may_show(passage, example) for example in examples)


def holds_answer(passage: Passage, example: Example) -> bool:
    """True if a passage could answer the question: it is gold or shares text with gold, holds a quote or a wording of
    every key fact, or, where neither is known, most terms of the answer."""
    if passage.id in example.gold or any(_overlaps(passage, each) for each in example.passages):
        return True
    if example.behavior == "refuse":
        return False
    if any(locate(quote.text, passage.text) for quote in example.quotes):
        return True
    if example.facts.must:
        return key_fact_share(passage.shown, example.facts, example.language) == 1.0
    if example.quotes:
        return False
    language = example.language
    asked = set(terms(example.question, language))
    told = set(terms(example.answer, language)) - asked
    return bool(told) and len(told & set(terms(passage.shown, language))) >= ANSWER_SHARE * len(told)


def _overlaps(one: Passage, other: Passage) -> bool:
    return one.document_id == other.document_id and one.start < other.end and other.start < one.end
