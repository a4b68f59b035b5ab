"""Groups to train a reranker on and to measure it on, from questions and an index of the corpus.

In: settings, a corpus, a folder for the index. Out: groups of either part, with counts of what there was and was not.

    source = Source(settings, index_settings, corpus, folder)
    for group in source.groups("train"):
        ...
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from opora.console.progress import track
from opora.corpus.reader import read_passages
from opora.retrieval.index.stage import IndexStage
from opora.retrieval.query import Query
from opora.retrieval.rerankers.base import Candidate
from opora.retrieval.search.searcher import open_index
from opora.retrieval.settings import IndexSettings
from opora.retrieval.trained_models import trained_manifest
from opora.train.document_split import RERANKER_FROM, part_of
from opora.train.reranker.groups import Group, given_group, made_group
from opora.train.reranker.labelled_queries import Asked, read_asked
from opora.train.reranker.settings import RerankerSettings
from opora.train.reranker.synthetic_queries import Made, make_questions

Part = Literal["train", "held out"]
HELD_OUT = 0.2
"""Share of the documents that only tell how good the reranker is."""


class Parts(NamedTuple):
    """Which documents teach, which tell how good the reranker is, and which an embedder has seen: those below
    `first`."""

    seed: int
    first: float

    def of(self, documents: Sequence[str]) -> Part | Literal["seen", "between"]:
        """Where a question about `documents` belongs; `between` if they are not of one part."""
        places = [part_of(each, self.seed) for each in documents]
        if min(places) < self.first:
            return "seen"
        held_from = 1 - HELD_OUT * (1 - self.first)
        inside = {place >= held_from for place in places}
        return "between" if len(inside) > 1 else "held out" if inside.pop() else "train"


class Source:
    """`counts` and `dropped` are complete when both parts were read."""

    def __init__(self, settings: RerankerSettings, index_settings: IndexSettings, corpus: Path, folder: Path) -> None:
        self._by_reward = settings.labels != "gold"
        self._depth, self._parts = settings.depth, _parts(settings, index_settings, corpus.parent)
        IndexStage(index_settings, corpus, folder).run()
        self._index = open_index(folder).load()
        self.counts: Counter[str] = Counter()
        self.dropped: Counter[str] = Counter()
        free = (each for each in read_passages(corpus) if self._parts.of([each.document_id]) != "seen")
        self._made = make_questions(free, settings.made, settings.seed)
        self._given = list(self._usable(settings, corpus))

    def groups(self, part: Part) -> Iterator[Group]:
        """Of the questions of a part, in order; to train on, only those where a right passage was found."""
        jobs: list[Asked | Made] = [each for each in self._given if self._parts.of(each.documents) == part]
        jobs += [each for each in self._made if self._parts.of([each.document_id]) == part]
        self.counts[f"questions, {part}"] = len(jobs)
        for job in track(jobs, f"questions, {part}", len(jobs)):
            known = isinstance(job, Made) or bool(job.gold)
            group = self._group(job)
            if self._teaches(group) if part == "train" else known:
                yield group

    def _teaches(self, group: Group) -> bool:
        found = any(group.labels) or bool(group.answer and self._by_reward and group.candidates)
        self.dropped["questions whose passage was not found"] += not found
        return found

    def _usable(self, settings: RerankerSettings, corpus: Path) -> Iterator[Asked]:
        """Questions of the file that can be learnt from or measured on."""
        for each in read_asked(settings.questions, corpus) if settings.questions else ():
            if not each.gold and (settings.labels == "gold" or each.example.behavior != "answer"):
                self.dropped["questions without gold passages"] += 1
            elif self._parts.of(each.documents) == "seen":
                self.dropped["questions on documents that the embedder was trained on"] += 1
            elif self._parts.of(each.documents) == "between":
                self.dropped["questions on documents of both parts"] += 1
            else:
                yield each

    def _group(self, job: Asked | Made) -> Group:
        if isinstance(job, Made):
            return made_group(self._search, job)
        return given_group(self._search, job)

    def _search(self, text: str) -> tuple[Query, list[Candidate]]:
        question, candidates = self._index.candidates(text, self._depth)
        return question, candidates[: self._depth]


def _parts(settings: RerankerSettings, index_settings: IndexSettings, root: Path) -> Parts:
    """An embedder that was trained on this corpus has seen the documents of its part, by its own seed."""
    if not index_settings.embedder.startswith("train/"):
        return Parts(settings.seed, 0.0)
    return Parts(trained_manifest("embedder", index_settings.embedder, root).seed or 0, RERANKER_FROM)
