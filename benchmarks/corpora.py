"""Corpora of any size for benchmarks of search: real questions with the passages that answer them, among many others.

In: a folder with `ru_chunks.jsonl.gz` ({source, text}) and `ru_pairs.jsonl.gz` ({source, question, passage}). Out: the
artefact of a corpus, and questions with the ids of what answers them.

Beyond the passages that there are, others are copies of those that answer nothing, in which every third word is
replaced by one drawn from all words: as many kinds of words as in real text. A copy of a passage that answers would
answer almost as well, and count as wrong.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import random
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from opora.artifacts import Build
from opora.artifacts.tables import flatten
from opora.records import Passage, Scalar
from opora.text.words import word_texts
from opora.validation import Settings

SHINGLE = 12
"""Chunks that share this many words in a row with an answering passage are the same passage, cut otherwise."""
REPLACED = 1 / 3
OF_ONE_DOCUMENT = 10
ROW_GROUP = 10_000
_WORD = re.compile(r"(?<!\S)[^\W\d_]{2,}(?=[.,;:!?]?(?!\S))")
"""A word between blanks, a mark behind it or none; what is inside code and compounds stays."""


class Question(NamedTuple):
    text: str
    evidence: list[set[str]]
    """For each piece of evidence, the ids of the passages that hold it."""


class Pairs(NamedTuple):
    """The texts that answer questions, other texts, and question -> texts that answer it."""

    answering: list[str]
    others: list[str]
    questions: dict[str, list[str]]


def read_pairs(data: Path) -> Pairs:
    """Real passages: those that answer, and those that neither are nor overlap one of them."""
    questions: dict[str, list[str]] = {}
    for pair in read_gzip(data / "ru_pairs.jsonl.gz"):
        questions.setdefault(pair["question"], []).append(pair["passage"])
    answering = dict.fromkeys(text for texts in questions.values() for text in texts)
    known = {shingle for text in answering for shingle in shingles(text)}
    chunks = dict.fromkeys(row["text"] for row in read_gzip(data / "ru_chunks.jsonl.gz"))
    others = [text for text in chunks if text not in answering and known.isdisjoint(shingles(text))]
    return Pairs(list(answering), others, questions)


def write_pairs(pairs: Pairs, corpus: Path, size: int) -> dict[str, str]:
    """Write a corpus of `size` passages, the answering ones among them, half of a small corpus; text -> id of those."""
    ids = {
        text: f"p{number}" for number, text in enumerate(pairs.answering[: max(size // 2, size - len(pairs.others))])
    }
    texts = [*ids, *pairs.others][:size]
    write_corpus(corpus, chain(texts, perturbed(pairs, size - len(texts))))
    return ids


def draw_questions(pairs: Pairs, ids: Mapping[str, str], half: str, limit: int) -> list[tuple[str, list[str]]]:
    """At most `limit` questions of the half, drawn with a seed, each with the ids of the passages that answer it; none
    of which one is not in the corpus."""
    found = [
        (text, sorted({ids[each] for each in answers}))
        for text, answers in pairs.questions.items()
        if half_of(min(answers)) == half and ids.keys() >= set(answers)
    ]
    return random.Random(0).sample(found, min(limit, len(found)))


def perturbed(pairs: Pairs, count: int, seed: int = 0) -> Iterator[str]:
    """`count` texts made of those that answer nothing, by words of all in the place of every third."""
    rng = random.Random(seed)
    words = [word for text in [*pairs.answering, *pairs.others] for word in _WORD.findall(text)]
    for number in range(count):
        text = pairs.others[number % len(pairs.others)]
        yield _WORD.sub(lambda found: rng.choice(words) if rng.random() < REPLACED else found.group(), text)


def write_corpus(corpus: Path, texts: Iterable[str]) -> None:
    """Passages p0, p1, ... as an artefact, row group by row group."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with Build(corpus, "references", Settings(), inputs={}) as build:
        writer, rows, count = None, [], 0
        for count, text in enumerate(texts, 1):
            rows.append(flatten(as_passage(text, count - 1)))
            if len(rows) == ROW_GROUP:
                table = pa.Table.from_pylist(rows)
                writer = writer or pq.ParquetWriter(build.path / "passages.parquet", table.schema, compression="zstd")
                writer.write_table(table)
                rows = []
        if rows:
            table = pa.Table.from_pylist(rows)
            writer = writer or pq.ParquetWriter(build.path / "passages.parquet", table.schema, compression="zstd")
            writer.write_table(table)
        if writer:
            writer.close()
        build.publish(counts={"passages": count})


def as_passage(text: str, number: int) -> Passage:
    document = f"d{number // OF_ONE_DOCUMENT}"
    start = 10_000 * (number % OF_ONE_DOCUMENT)
    metadata: dict[str, Scalar] = {"source": f"{document}.md", "title": "", "language": "ru"}
    return Passage(
        id=f"p{number}", document_id=document, text=text, start=start, end=start + len(text), metadata=metadata
    )


def half_of(text: str) -> str:
    """`tune` or `report`, by a hash of a passage: settings are chosen on one, figures come from the other."""
    return ("tune", "report")[hashlib.sha256(text.encode()).digest()[0] % 2]


def shingles(text: str) -> Iterator[tuple[str, ...]]:
    found = [word.lower() for word in word_texts(text)]
    return (tuple(found[at : at + SHINGLE]) for at in range(len(found) - SHINGLE + 1))


def read_gzip(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)
