"""How well search finds the passage, and how fast: words, stems, lemmas with stems, dense vectors, and all fused.

In: a folder with `ru_chunks.jsonl.gz` ({source, text}) and `ru_pairs.jsonl.gz` ({source, question, passage}), and the
sample project. Out: a table in Markdown for each set of questions. recall@k is the share of the evidence found among
the first k passages, a mean over questions (where several passages answer, any of them will do; a question of two
parts needs both); MRR counts the first passage that holds some, among ten; milliseconds are those of one question.

Seconds to the first answer are those of a fresh process, from `import` on. Only Russian has dense vectors: elsewhere
`dense` and `fused` are the lexical search.

Pairs are split in two by a hash of the passage: settings were chosen on `--half tune`, figures come from `report`.

    python benchmarks/retrieval.py [DATA] [--half tune] [--limit 1000] [--only fused] [--set dense_weight=0.3]
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

from snowballstemmer import stemmer

from opora.artifacts import Build, read_manifest, write_parquet
from opora.corpus.ingest import ingest
from opora.corpus.read import read_documents, read_passages
from opora.corpus.settings import IngestSettings
from opora.index.build import build_index
from opora.index.gold import resolve_gold
from opora.index.search import Index
from opora.index.settings import IndexSettings
from opora.records import Example, Passage, Settings
from opora.text.terms import STEMMERS, terms
from opora.text.words import words

ROOT = Path(__file__).resolve().parents[1]
SHINGLE = 12
"""Chunks that share this many words in a row with an answering passage are the same passage, cut otherwise."""


FIRST_ANSWER = """
import json, sys, time
from pathlib import Path
laps, began = {}, time.perf_counter()
def lap(name):
    global began
    now = time.perf_counter()
    laps[name], began = now - began, now
from opora.index.search import open_index
index = open_index(Path(sys.argv[1]))
lap("open")
import lancedb
lap("import lancedb")
index.load()
lap("load the rest")
index.search("Какой срок хранения?", 4)
lap("first search")
index.search("Какая плата взимается за хранение?", 4)
lap("second search")
print(json.dumps(laps))
"""


class Question(NamedTuple):
    text: str
    evidence: list[set[str]]
    """For each piece of evidence, the ids of the passages that hold it."""


class Method(NamedTuple):
    name: str
    terms: Callable[[str, str], list[str]]
    dense_weight: float | None = None
    """None: the default."""


def plain_words(text: str, _: str) -> list[str]:
    return [word.text.lower() for word in words(text)]


def stems(text: str, language: str) -> list[str]:
    return list(map(STEM[language].stemWord, plain_words(text, language)))


STEM = {code: stemmer(STEMMERS[code]) for code in ("ru", "en")}
METHODS = [
    Method("words, BM25", plain_words, 0.0),
    Method("stems, BM25", stems, 0.0),
    Method("lemma + stem, BM25", terms, 0.0),
    Method("dense", terms, 1.0),
    Method("fused", terms),
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", nargs="?", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--half", choices=["tune", "report"], default="report")
    parser.add_argument("--limit", type=int, default=1000, help="questions of the pairs, drawn with a seed")
    parser.add_argument("--only", default="", help="only methods whose name contains this")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a setting of the index")
    arguments = parser.parse_args()
    given = {key: json.loads(value) for key, value in (each.split("=") for each in arguments.set)}
    methods = [each for each in METHODS if arguments.only in each.name]
    with tempfile.TemporaryDirectory() as folder:
        if arguments.data.is_dir():
            corpus = Path(folder) / "pairs"
            questions = write_pairs(arguments.data, corpus, arguments.half, arguments.limit)
            table({f"pairs, ru, {arguments.half}": questions}, corpus, methods, given)
        corpus = Path(folder) / "sample"
        ingest(IngestSettings(), ROOT / "src" / "opora" / "sample", corpus)
        split = "train" if arguments.half == "tune" else "test"
        table({f"sample, {code}, {split}": read_sample(corpus, code, split) for code in STEM}, corpus, methods, given)
        build_index(IndexSettings(**given), corpus, Path(folder) / "index")
        print(f"\nfirst answer: {first_answer(Path(folder) / 'index')}")


def table(sets: dict[str, list[Question]], corpus: Path, methods: Sequence[Method], given: dict[str, float]) -> None:
    """Print the rows of every method over the same passages."""
    print(f"\n{read_manifest(corpus).counts['passages']} passages\n")
    print("| questions | n | method | recall@1 | recall@5 | recall@10 | MRR@10 | p50 ms | p95 ms | build s |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for method in methods:
        with (
            patch("opora.index.build.terms", method.terms),
            patch("opora.index.search.terms", method.terms),
            tempfile.TemporaryDirectory() as folder,
        ):
            own = {} if method.dense_weight is None else {"dense_weight": method.dense_weight}
            manifest = build_index(IndexSettings(**{**given, **own}), corpus, Path(folder) / "index")
            index = Index(Path(folder) / "index", manifest).load()
            for name, questions in sets.items():
                cells = " | ".join(measure(index, questions))
                print(f"| {name} | {len(questions)} | {method.name} | {cells} | {manifest.seconds:.1f} |", flush=True)


def measure(index: Index, questions: Sequence[Question]) -> list[str]:
    """Recall at 1, 5, 10, MRR, and milliseconds."""
    recalls: dict[int, list[float]] = {1: [], 5: [], 10: []}
    reciprocal, seconds = [], []
    for question in questions:
        began = time.perf_counter()
        found = [hit.passage.id for hit in index.search(question.text, 10)]
        seconds.append(time.perf_counter() - began)
        for k, values in recalls.items():
            values.append(statistics.mean(bool(each & set(found[:k])) for each in question.evidence))
        relevant = set().union(*question.evidence)
        reciprocal.append(next((1 / rank for rank, each in enumerate(found, 1) if each in relevant), 0.0))
    scores = [statistics.mean(each) for each in (*recalls.values(), reciprocal)]
    times = [1000 * statistics.median(seconds), 1000 * statistics.quantiles(seconds, n=20)[-1]]
    return [f"{each:.3f}" for each in scores] + [f"{each:.1f}" for each in times]


def first_answer(index: Path) -> str:
    """Seconds of the steps to a first answer, the medians of three fresh processes."""
    runs = [subprocess.run([sys.executable, "-c", FIRST_ANSWER, str(index)], capture_output=True) for _ in range(3)]
    laps = [json.loads(run.stdout) for run in runs]
    return ", ".join(f"{step} {statistics.median(each[step] for each in laps):.2f} s" for step in laps[0])


def write_pairs(data: Path, corpus: Path, half: str, limit: int) -> list[Question]:
    """Write the passages as a corpus; the questions of one half."""
    pairs = list(read_gzip(data / "ru_pairs.jsonl.gz"))
    answering = dict.fromkeys(pair["passage"] for pair in pairs)
    known = {shingle for text in answering for shingle in shingles(text)}
    chunks = [row["text"] for row in read_gzip(data / "ru_chunks.jsonl.gz")]
    others = [text for text in chunks if text not in answering and known.isdisjoint(shingles(text))]
    ids = {text: f"p{number}" for number, text in enumerate(dict.fromkeys([*answering, *others]))}
    with Build(corpus, "references", Settings(), inputs={}) as build:
        write_parquet(build.path / "passages.parquet", (as_passage(text, id_) for text, id_ in ids.items()))
        build.publish(counts={"passages": len(ids)})
    evidence: dict[str, set[str]] = {}
    for pair in pairs:
        evidence.setdefault(pair["question"], set()).add(ids[pair["passage"]])
    halves = {ids[text]: hashlib.sha256(text.encode()).digest()[0] % 2 for text in answering}
    wanted = ["tune", "report"].index(half)
    drawn = [Question(text, [each]) for text, each in evidence.items() if halves[min(each)] == wanted]
    return random.Random(0).sample(drawn, min(limit, len(drawn)))


def shingles(text: str) -> Iterator[tuple[str, ...]]:
    found = plain_words(text, "ru")
    return (tuple(found[at : at + SHINGLE]) for at in range(len(found) - SHINGLE + 1))


def as_passage(text: str, id_: str) -> Passage:
    metadata = {"source": id_, "title": "", "language": "ru"}
    return Passage(id=id_, document_id=id_, text=text, start=0, end=len(text), metadata=metadata)


def read_sample(corpus: Path, language: str, split: str) -> list[Question]:
    """The questions of the sample that have quotes, each quote a piece of evidence."""
    documents, passages = list(read_documents(corpus)), list(read_passages(corpus))
    questions = []
    for line in (ROOT / "src" / "opora" / "sample" / f"questions.{language}.jsonl").read_text("utf-8").splitlines():
        example = Example.model_validate_json(line)
        if example.split == split and example.quotes:
            each = [example.model_copy(update={"quotes": (quote,)}) for quote in example.quotes]
            evidence = [set(resolve_gold(one, documents, passages).gold) for one in each]
            questions.append(Question(example.question, evidence))
    return questions


def read_gzip(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)


if __name__ == "__main__":
    main()
