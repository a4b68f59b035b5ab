"""Groups to train and to evaluate a reranker on: a query, its candidates, their relevance.

The candidates are those that the reranker will see in use. Groups are produced one at a time, because thousands of them
take gigabytes.

    sampler = GroupSampler(settings, index_settings, corpus, folder)
    next(sampler.groups("train")).relevance                     # [0.0, 1.0, 0.0, ...]
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from opora.console.progress import track
from opora.corpus.reader import read_passages
from opora.retrieval.index.stage import IndexStage
from opora.retrieval.query import Query
from opora.retrieval.rerankers.base import Candidate
from opora.retrieval.search.searcher import open_index
from opora.retrieval.settings import IndexSettings
from opora.retrieval.store.bm25 import term_weight
from opora.retrieval.trained_models import trained_manifest
from opora.train.document_split import RERANKER_FROM, DocumentSplit, Part
from opora.train.reranker.queries import LabelledQuery, SyntheticQuery, make_queries, read_labelled_queries
from opora.train.reranker.settings import RerankerTrainSettings

Search = Callable[[str], tuple[Query, list[Candidate]]]
"""Text of a question -> query and candidates, best first."""


@dataclass
class RankingGroup:
    """A query and its candidates. `relevance`: from 0 to 1 for each candidate; `documents`: ids of the documents it is
    about; `answer`: empty if unknown."""

    query: Query
    candidates: list[Candidate]
    relevance: list[float]
    documents: tuple[str, ...]
    synthetic: bool
    answer: str = ""


class GroupSampler:
    """Searches for the candidates of each query. `counts` and `dropped` are complete after both parts were read."""

    def __init__(
        self, settings: RerankerTrainSettings, index_settings: IndexSettings, corpus: Path, folder: Path
    ) -> None:
        self._settings, self._split = settings, DocumentSplit(settings.seed, 0.0)
        if index_settings.embedder.startswith("train/"):
            # an embedder trained on this corpus has seen the documents of its part, drawn by its own seed
            seed = trained_manifest("embedder", index_settings.embedder, corpus.parent).seed or 0
            self._split = DocumentSplit(seed, RERANKER_FROM)
        IndexStage(index_settings, corpus, folder).run()
        self._index = open_index(folder).load()
        self.counts: Counter[str] = Counter()
        self.dropped: Counter[str] = Counter()
        unseen = (passage for passage in read_passages(corpus) if self._split.part([passage.document_id]) != "seen")
        synthetic = make_queries(unseen, settings.synthetic_queries, settings.seed)
        self._queries: list[LabelledQuery | SyntheticQuery] = [*self._usable_queries(corpus), *synthetic]

    def groups(self, part: Part) -> Iterator[RankingGroup]:
        """Yield the groups of a part; to train, only those with a relevant candidate."""
        queries = [query for query in self._queries if self._split.part(query.documents) == part]
        self.counts[f"questions, {part}"] = len(queries)
        for query in track(queries, f"questions, {part}", len(queries)):
            if isinstance(query, SyntheticQuery):
                group, has_gold = group_synthetic(self._search, query), True
            else:
                group, has_gold = group_labelled(self._search, query), bool(query.gold)
            if self._is_trainable(group) if part == "train" else has_gold:
                yield group

    def _is_trainable(self, group: RankingGroup) -> bool:
        trainable = any(group.relevance) or bool(self._settings.labelling_model and group.answer and group.candidates)
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


def group_labelled(search: Search, labelled: LabelledQuery) -> RankingGroup:
    """Return the group of a labelled query. Without gold passages all candidates have relevance 0."""
    query, candidates = search(labelled.example.question)
    relevance = [float(candidate.id in labelled.gold) for candidate in candidates]
    answer = labelled.example.answer if labelled.example.behavior == "answer" else ""
    return RankingGroup(query, candidates, relevance, labelled.documents, synthetic=False, answer=answer)


def group_synthetic(search: Search, synthetic: SyntheticQuery) -> RankingGroup:
    """Return the group of a synthetic query.

    A source sentence stays in its passage: without it trees learn that the right passage is the one that lacks the
    words of the query (dev/LOG.md). Source headings are removed from all candidates and from their BM25 scores, because
    the headings of the right ones repeat the query.
    """
    query, candidates = search(synthetic.text)
    relevance = [float(_is_relevant(candidate, synthetic)) for candidate in candidates]
    if synthetic.sentence:
        return RankingGroup(query, candidates, relevance, synthetic.documents, synthetic=True)
    terms = sum(len(candidate.terms) + len(candidate.heading_terms) for candidate in candidates)
    mean_length = terms / (len(candidates) or 1) or 1.0
    bare = [_without_headings(candidate, query, mean_length) for candidate in candidates]
    # dense vectors were computed with the headings
    return RankingGroup(query._replace(vector=None), bare, relevance, synthetic.documents, synthetic=True)


def _is_relevant(candidate: Candidate, synthetic: SyntheticQuery) -> bool:
    data = candidate.data
    if synthetic.sentence:
        return synthetic.sentence in data["text"] or candidate.id == synthetic.passage_id
    return bool(data["document_id"] == synthetic.document_id and tuple(data["heading"]) == synthetic.heading)


def _without_headings(candidate: Candidate, query: Query, mean_length: float) -> Candidate:
    """Return the candidate without headings, its BM25 score reduced in proportion."""
    data = {**candidate.data, "heading": [], "metadata": {**candidate.data["metadata"], "title": ""}}
    before = _bm25([*candidate.heading_terms, *candidate.terms], query, mean_length)
    after = _bm25(candidate.terms, query, mean_length)
    score = candidate.bm25 * after / before if before else 0.0
    record = json.dumps(data, ensure_ascii=False)
    return Candidate(candidate.language, record, candidate.terms, [], score, 0.0, None)


def _bm25(terms: Sequence[str], query: Query, mean_length: float) -> float:
    counts = Counter(term for term in terms if term in query.terms)
    return sum(query.terms[term] * term_weight(count, len(terms), mean_length) for term, count in counts.items())
