"""Sampling of groups to train and to evaluate a reranker on, from queries and an index of the corpus.

sampler = GroupSampler(settings, index_settings, corpus, folder)
for group in sampler.groups("train"):
    ...
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from opora.console.progress import track
from opora.corpus.reader import read_passages
from opora.retrieval.index.stage import IndexStage
from opora.retrieval.query import Query
from opora.retrieval.rerankers.base import Candidate
from opora.retrieval.search.searcher import open_index
from opora.retrieval.settings import IndexSettings
from opora.retrieval.trained_models import trained_manifest
from opora.train.document_split import RERANKER_FROM, DocumentSplit, Part
from opora.train.reranker.groups import RankingGroup, group_labelled, group_synthetic
from opora.train.reranker.labelled_queries import LabelledQuery, read_labelled_queries
from opora.train.reranker.settings import RerankerTrainSettings
from opora.train.reranker.synthetic_queries import SyntheticQuery, make_queries


class GroupSampler:
    """Searches for the candidates of each query. `counts` and `dropped` are complete after both parts were read."""

    def __init__(
        self, settings: RerankerTrainSettings, index_settings: IndexSettings, corpus: Path, folder: Path
    ) -> None:
        self._settings, self._split = settings, _document_split(settings, index_settings, corpus.parent)
        IndexStage(index_settings, corpus, folder).run()
        self._index = open_index(folder).load()
        self.counts: Counter[str] = Counter()
        self.dropped: Counter[str] = Counter()
        unseen = (passage for passage in read_passages(corpus) if self._split.part([passage.document_id]) != "seen")
        self._synthetic = make_queries(unseen, settings.synthetic_queries, settings.seed)
        self._labelled = list(self._usable_queries(corpus))

    def groups(self, part: Part) -> Iterator[RankingGroup]:
        """Yield the groups of a part; to train, only those with a relevant candidate."""
        queries: list[LabelledQuery | SyntheticQuery] = [
            query for query in self._labelled if self._split.part(query.documents) == part
        ]
        queries += [query for query in self._synthetic if self._split.part([query.document_id]) == part]
        self.counts[f"questions, {part}"] = len(queries)
        for query in track(queries, f"questions, {part}", len(queries)):
            if isinstance(query, SyntheticQuery):
                group, has_gold = group_synthetic(self._search, query), True
            else:
                group, has_gold = group_labelled(self._search, query), bool(query.gold)
            if self._is_trainable(group) if part == "train" else has_gold:
                yield group

    def _is_trainable(self, group: RankingGroup) -> bool:
        can_be_labelled = bool(self._settings.labelling_model and group.answer and group.candidates)
        trainable = any(group.relevance) or can_be_labelled
        self.dropped["questions whose passage was not found"] += not trainable
        return trainable

    def _usable_queries(self, corpus: Path) -> Iterator[LabelledQuery]:
        """Yield the labelled queries for training or evaluation, and count the rest."""
        settings = self._settings
        for query in read_labelled_queries(settings.questions, corpus) if settings.questions else ():
            has_label = query.gold or (settings.labelling_model and query.example.behavior == "answer")
            part = self._split.part(query.documents)
            if not has_label:
                self.dropped["questions without gold passages"] += 1
            elif part == "seen":
                self.dropped["questions on documents that the embedder was trained on"] += 1
            elif part == "mixed":
                self.dropped["questions on documents of both parts"] += 1
            else:
                yield query

    def _search(self, text: str) -> tuple[Query, list[Candidate]]:
        query, candidates = self._index.candidates(text, self._settings.candidates)
        return query, candidates[: self._settings.candidates]


def _document_split(settings: RerankerTrainSettings, index_settings: IndexSettings, root: Path) -> DocumentSplit:
    """Return the split. An embedder trained on this corpus has seen the documents of its part, drawn by its own
    seed."""
    if not index_settings.embedder.startswith("train/"):
        return DocumentSplit(settings.seed, 0.0)
    return DocumentSplit(trained_manifest("embedder", index_settings.embedder, root).seed or 0, RERANKER_FROM)
