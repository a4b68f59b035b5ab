"""Queries to train and to evaluate a reranker on: labelled questions, and synthetic queries made from passages.

    read_labelled_queries(Path("questions.jsonl"), Path("corpus"))[0].gold     # frozenset({'1f0c-3'})
    make_queries(passages, count=3000, seed=0)[0].text                         # 'плата хранение багажа'

A synthetic query is a shortened sentence of a passage, or the headings of a section, whose passages must then be found
by their text.
"""

from __future__ import annotations

import hashlib
import heapq
import itertools
import random
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from opora.corpus.reader import read_documents, read_passages
from opora.examples.evidence import find_document, resolve_gold
from opora.examples.reader import read_questions
from opora.records import Example, Passage
from opora.text.search_terms import search_terms
from opora.text.sentences import sentences
from opora.text.words import word_texts

MIN_TERMS = 4
"""Minimum search terms of a sentence, and of the rest of its passage."""
MAX_KEYWORDS = 6
"""Maximum words of a query in keyword style."""
MAX_PHRASE_WORDS = 14
"""Maximum words of the part of a sentence from which a query in question style is made."""
KEPT_SHARE = 0.7
"""Share of these words that the query keeps."""


class LabelledQuery(NamedTuple):
    """`gold`: ids of the passages that answer it; `documents`: ids of their documents, or a placeholder without
    gold."""

    example: Example
    gold: frozenset[str]
    documents: tuple[str, ...]


class SyntheticQuery(NamedTuple):
    """A query made from a passage that answers it. `sentence`: its source; empty if the query is made of headings,
    which must then be removed from all candidates."""

    text: str
    document_id: str
    passage_id: str
    heading: tuple[str, ...]
    sentence: str = ""

    @property
    def documents(self) -> tuple[str, ...]:
        return (self.document_id,)


def read_labelled_queries(path: Path, corpus: Path) -> list[LabelledQuery]:
    """Return the queries in the order of the file. Raises InputError, with the line or the question, for a wrong row
    and for a quote or document that is not in the corpus."""
    examples = [example for example in read_questions(path) if example.split != "test"]
    documents = list(read_documents(corpus)) if any(example.quotes for example in examples) else []
    quoted = {find_document(example, quote.document, documents).id for example in examples for quote in example.quotes}
    passages = [passage for passage in read_passages(corpus) if passage.document_id in quoted]
    queries = []
    for example in examples:
        resolved = resolve_gold(example, documents, passages)
        ids = sorted({passage.document_id for passage in resolved.passages if passage.id in resolved.gold})
        queries.append(LabelledQuery(example, frozenset(resolved.gold), tuple(ids) or (f"question {example.id}",)))
    return queries


def make_queries(passages: Iterable[Passage], count: int, seed: int) -> list[SyntheticQuery]:
    """Return at most `count` queries, one per passage, for the passages with the smallest hashes, in this order. For a
    third of the passages with headings the query is made of the headings."""
    keyed = ((hashlib.sha256(f"{seed} {passage.id}".encode()).hexdigest(), passage) for passage in passages)
    drawn = heapq.nsmallest(2 * count, keyed, key=lambda pair: pair[0])
    queries = (_make_query(passage, random.Random(digest)) for digest, passage in drawn)
    return list(itertools.islice((query for query in queries if query), count))


def _make_query(passage: Passage, rng: random.Random) -> SyntheticQuery | None:
    """Return a query, or None if the passage has too few terms."""
    language = str(passage.metadata["language"])
    source = (passage.document_id, passage.id, passage.heading)
    if passage.heading and rng.random() < 1 / 3:
        text = _heading_query(passage.heading, language)
        return SyntheticQuery(text, *source) if text else None
    candidates = list(_informative_sentences(passage, language))
    if not candidates:
        return None
    sentence = rng.choice(candidates)
    as_keywords = rng.random() < 1 / 2
    text = _keyword_query(sentence, language, rng) if as_keywords else _phrase_query(sentence, rng)
    return SyntheticQuery(text, *source, sentence) if len(search_terms(text, language)) >= MIN_TERMS - 1 else None


def _heading_query(heading: tuple[str, ...], language: str) -> str:
    """Return the innermost headings that together have two search terms, or nothing."""
    for start in reversed(range(len(heading))):
        text = ". ".join(heading[start:])
        if len(set(search_terms(text, language))) >= 2:
            return text
    return ""


def _informative_sentences(passage: Passage, language: str) -> Iterator[str]:
    """Yield sentences with enough search terms, if the rest of the passage has enough too."""
    total = len(search_terms(passage.text, language))
    for start, end in sentences(passage.text, language):
        sentence = passage.text[start:end]
        count = len(search_terms(sentence, language))
        if count >= MIN_TERMS and total - count >= MIN_TERMS and not sentence.startswith(("|", "#")):
            yield sentence


def _keyword_query(sentence: str, language: str, rng: random.Random) -> str:
    content_words = [word for word in word_texts(sentence) if search_terms(word, language)]
    return " ".join(_sample(content_words, MAX_KEYWORDS, rng))


def _phrase_query(sentence: str, rng: random.Random) -> str:
    """Return a part of a sentence with some words left out."""
    words = word_texts(sentence)
    start = rng.randrange(max(1, len(words) - MAX_PHRASE_WORDS + 1))
    phrase = words[start : start + MAX_PHRASE_WORDS]
    return " ".join(_sample(phrase, max(1, round(KEPT_SHARE * len(phrase))), rng)) + "?"


def _sample(words: Sequence[str], maximum: int, rng: random.Random) -> list[str]:
    """Return at most `maximum` random words in their order."""
    indices = sorted(rng.sample(range(len(words)), min(maximum, len(words))))
    return [words[index] for index in indices]
