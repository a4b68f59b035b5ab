"""Benchmark of search: quality, speed and cost of each engine, at several corpus sizes.

In: a folder with `ru_chunks.jsonl.gz` and `ru_pairs.jsonl.gz` (see `corpora.py`), and the documents of the benchmark.
Out: Markdown tables. recall@k is the share of the evidence among the first k passages, averaged over questions (where
several passages answer, any of them counts); MRR uses the first of ten passages that holds evidence. Every engine
builds and searches in its own processes: seconds and peak memory of the build (all its processes, sampled five times a
second), bytes on disk per passage, milliseconds of the first question in a fresh process (cold) and of the others.

Pairs are split in two halves by a hash of the passage: the reranker is trained and settings are chosen on `tune`,
figures come from `report`. Engines that are not installed are skipped with a message.

    python benchmarks/retrieval.py [DATA] [--sizes 2000,16000,100000] [--engines "terms; fused"] [--limit 500]
"""

from __future__ import annotations

import argparse
import contextlib
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psutil
from corpora import Pairs, Question, draw_questions, half_of, read_pairs, write_pairs
from engines import ENGINES, MAX_SIZES, NEEDS, RERANKED, SHARED, TRAINED

from opora.artifacts import read_records, write_json_lines
from opora.corpus.reader import read_documents, read_passages
from opora.corpus.settings import IngestSettings
from opora.corpus.stage import IngestStage
from opora.examples.evidence import resolve_gold
from opora.records import QUESTION_TYPES, Example
from opora.retrieval.settings import IndexSettings
from opora.train.embedder.settings import EmbedderTrainSettings
from opora.train.embedder.stage import EmbedderStage
from opora.train.reranker.settings import RerankerTrainSettings
from opora.train.reranker.stage import RerankerStage

ROOT = Path(__file__).resolve().parents[1]
BENCHSET = ROOT / "src" / "opora" / "projects" / "benchmark"
LANGUAGES = ("ru", "en")
TRAINED_AT = 16_000
"""Passages of the corpus that embedder and reranker are trained on."""
HEAD = (
    "| passages | engine | recall@1 | recall@5 | recall@10 | MRR@10 | build s | passages/s | peak MB | bytes/passage |"
)
TIMES = "| passages | engine | phase | cold ms | p50 ms | p95 ms | p99 ms |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", nargs="?", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--sizes", default="2000,16000,100000")
    parser.add_argument("--engines", type=parse_engines, default="", help="separated by semicolons; by default all")
    parser.add_argument("--limit", type=int, default=500, help="questions, drawn with a seed")
    parser.add_argument("--half", choices=["tune", "report"], default="report")
    parser.add_argument("--folder", type=Path, help="keep corpora and indexes here; by default they are removed")
    parser.add_argument("--types", action="store_true", help="only the benchmark documents, by question type")
    parser.add_argument(
        "--child", nargs=4, metavar=("build|search", "ENGINE", "CORPUS", "INDEX"), help=argparse.SUPPRESS
    )
    arguments = parser.parse_args()
    if arguments.child:
        step, engine, corpus, index = arguments.child
        run = build if step == "build" else search
        result = run(engine, Path(corpus), Path(index))
        print(json.dumps(result))
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary)
        if arguments.data.is_dir() and not arguments.types:
            scale(arguments, folder)
        by_type(folder / "benchmark", arguments.half)


def parse_engines(text: str) -> list[str]:
    """Return the engine names in `text`, separated by semicolons; all if it is empty."""
    names = [name.strip() for name in text.split(";") if name.strip()]
    if unknown := set(names) - ENGINES.keys():
        raise argparse.ArgumentTypeError(f"unknown: {'; '.join(sorted(unknown))}; known: {'; '.join(ENGINES)}")
    return names or list(ENGINES)


def scale(arguments: argparse.Namespace, folder: Path) -> None:
    """Print quality and cost of every engine at every size."""
    missing = {NEEDS[name] for name in arguments.engines if name in NEEDS and not find_spec(NEEDS[name])}
    if missing:
        print(f"not installed, skipped: {', '.join(sorted(missing))}", file=sys.stderr)
    engines = [name for name in arguments.engines if NEEDS.get(name) not in missing]
    pairs = read_pairs(arguments.data)
    costs, times = [HEAD, "|---" * 10 + "|"], [TIMES, "|---" * 7 + "|"]
    for size in map(int, arguments.sizes.split(",")):
        project = folder / str(size)
        ids = write_pairs(pairs, project / "corpus", size)
        questions = draw_questions(pairs, ids, arguments.half, arguments.limit)
        (project / "questions.json").write_text(json.dumps(questions), encoding="utf-8")
        for engine in (name for name in engines if size <= MAX_SIZES.get(name, size)):
            train(engine, pairs, folder, project)
            row, laps = measure(engine, project)
            costs.append(f"| {size} | {engine} | {row} |")
            times += [f"| {size} | {engine} | {phase} | {cells} |" for phase, cells in laps.items()]
            print(costs[-1], flush=True)
    print("\n".join(["", *costs, "", *times]))


def train(engine: str, pairs: Pairs, folder: Path, project: Path) -> None:
    """Train the models that the engine needs, once for all sizes, and link them into the project."""
    settings: IndexSettings = getattr(ENGINES[engine](), "settings", IndexSettings())
    trained = folder / str(TRAINED_AT)
    for spec in (settings.embedder, settings.reranker):
        if not spec.startswith("train/"):
            continue
        if not (trained / spec).exists():
            ids = write_pairs(pairs, trained / "corpus", TRAINED_AT)
            if spec == "train/embedder":
                EmbedderStage(EmbedderTrainSettings(), trained / "corpus", trained / spec).run()
            else:
                questions = write_examples(pairs, ids, trained)
                reranker = RerankerTrainSettings(questions=questions)
                RerankerStage(reranker, settings, trained / "corpus", trained / spec).run()
        if not (project / spec).exists():
            (project / "train").mkdir(exist_ok=True)
            (project / spec).symlink_to((trained / spec).resolve())


def write_examples(pairs: Pairs, ids: dict[str, str], project: Path) -> Path:
    """Write the questions of the tuning half with their passages."""
    passages = {passage.id: passage for passage in read_passages(project / "corpus")}
    path = project / "tune.jsonl"
    rows = []
    for number, (text, answers) in enumerate(pairs.questions.items()):
        if half_of(min(answers)) == "tune" and ids.keys() >= set(answers):
            gold = [passages[ids[answer]] for answer in dict.fromkeys(answers)]
            rows.append(
                Example(
                    id=f"q{number}", question=text, answer=gold[0].text, language="ru", split="train",
                    passages=tuple(gold), gold=tuple(passage.id for passage in gold),
                )
            )  # fmt: skip
    write_json_lines(path, rows)
    return path


def measure(engine: str, project: Path) -> tuple[str, dict[str, str]]:
    """Return the cells of the cost table, and by phase those of the table of times."""
    index = index_of(engine, project)
    built = child("build", engine, project, index)
    searched = child("search", engine, project, index)
    size = int(project.name)
    scores = " | ".join(f"{score:.3f}" for score in searched["scores"])
    bytes_on_disk = sum(
        path.stat().st_size for root in project.glob(f"{index.name}*") for path in (root, *root.rglob("*"))
    )
    cost = f"{built['seconds']:.1f} | {size / built['seconds']:.0f} | {built['peak']:.0f} | {bytes_on_disk / size:.0f}"
    laps = {
        phase: f"{1000 * values[0]:.0f} | " + " | ".join(f"{1000 * lap:.1f}" for lap in quantiles(values[1:]))
        for phase, values in searched["laps"].items()
    }
    return f"{scores} | {cost}", laps


def index_of(engine: str, project: Path) -> Path:
    return project / f"index-{SHARED.get(engine, engine).replace(' ', '-').replace(',', '')}"


def quantiles(values: Sequence[float]) -> tuple[float, float, float]:
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    return cuts[49], cuts[94], cuts[98]


def child(step: str, engine: str, project: Path, index: Path) -> dict[str, Any]:
    command = [sys.executable, __file__, "--child", step, engine, str(project / "corpus"), str(index)]
    recorded = index.with_name(f"{index.name}.json")
    if step == "build" and recorded.exists():
        output = recorded.read_bytes()
    else:
        output = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
        if step == "build":
            recorded.write_bytes(output)
    result: dict[str, Any] = json.loads(output)
    return result


def build(engine: str, corpus: Path, index: Path) -> dict[str, Any]:
    ended, peaks = threading.Event(), [0.0]
    watcher = threading.Thread(target=watch_memory, args=(ended, peaks))
    watcher.start()
    began = time.perf_counter()
    try:
        ENGINES[engine]().build(corpus, index)
        seconds = time.perf_counter() - began
    finally:
        ended.set()
        watcher.join()
    return {"seconds": seconds, "peak": max(peaks)}


def watch_memory(ended: threading.Event, samples: list[float]) -> None:
    """Append the memory of this process and its children, in MB, five times a second."""
    own = psutil.Process()
    while not ended.wait(0.2):
        total = 0.0
        for process in (own, *own.children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess):
                total += process.memory_info().rss / 2**20
        samples.append(total)


def search(name: str, corpus: Path, index: Path) -> dict[str, Any]:
    """Return recall at 1, 5, 10 and MRR, and seconds per question by phase; the first question is cold."""
    rows = json.loads((corpus.parent / "questions.json").read_text(encoding="utf-8"))
    questions = [Question(text, [set(ids)]) for text, ids in rows]
    began = time.perf_counter()
    engine = ENGINES[name]()
    engine.open(index)
    rankings, seconds = [], []
    for question in questions:
        rankings.append(engine.search(question.text, 10))
        seconds.append(time.perf_counter() - began)
        began = time.perf_counter()
    return {"scores": scores_of(questions, rankings), "laps": {"all": seconds, **engine.laps}}


def scores_of(questions: Sequence[Question], rankings: Sequence[Sequence[str]]) -> list[float]:
    """Return recall at 1, 5, 10 and MRR."""
    recalls = [
        statistics.mean(
            statistics.mean(bool(piece & set(ids[:k])) for piece in question.evidence)
            for question, ids in zip(questions, rankings, strict=True)
        )
        for k in (1, 5, 10)
    ]
    reciprocal = []
    for question, ids in zip(questions, rankings, strict=True):
        relevant = set().union(*question.evidence)
        reciprocal.append(next((1 / rank for rank, id in enumerate(ids, 1) if id in relevant), 0.0))
    return [*recalls, statistics.mean(reciprocal)]


def by_type(project: Path, half: str) -> None:
    """Print recall@1 and @5 by question type, on the benchmark documents, in both languages. Models are trained on the
    training questions of both languages, which on `tune` are the evaluated ones."""
    corpus = project / "corpus"
    split = "train" if half == "tune" else "test"
    IngestStage(IngestSettings(), BENCHSET, corpus).run()
    questions = project / "train.jsonl"
    examples = [e for language in LANGUAGES for e in read_examples(language) if e.split == "train"]
    write_json_lines(questions, examples)
    EmbedderStage(EmbedderTrainSettings(questions=questions), corpus, project / "train" / "embedder").run()
    for settings in (RERANKED, TRAINED):
        reranker = RerankerTrainSettings(questions=questions)
        RerankerStage(reranker, settings, corpus, project / settings.reranker).run()
    engines = ["terms", "dense", "fused", "reranked", "dense, trained", "fused, trained", "reranked, trained"]
    for name in engines:
        if name not in SHARED:
            ENGINES[name]().build(corpus, index_of(name, project))
    documents, passages = list(read_documents(corpus)), list(read_passages(corpus))
    print(f"\n| language | type | questions | {' | '.join(f'{name} @1 | @5' for name in engines)} |")
    print("|---" * (3 + 2 * len(engines)) + "|")
    for language in LANGUAGES:
        questions_by_type = read_benchmark(language, split, documents, passages)
        opened = {name: ENGINES[name]() for name in engines}
        for name, engine in opened.items():
            engine.open(index_of(name, project))
        for kind in (*QUESTION_TYPES, "all"):
            chosen = [question for name, question in questions_by_type if kind in (name, "all")]
            if chosen:
                cells = []
                for engine in opened.values():
                    scores = scores_of(chosen, [engine.search(question.text, 10) for question in chosen])
                    cells += [f"{scores[0]:.2f}", f"{scores[1]:.2f}"]
                print(f"| {language} | {kind} | {len(chosen)} | {' | '.join(cells)} |")


def read_benchmark(language: str, split: str, documents: Any, passages: Any) -> list[tuple[str, Question]]:
    """Return (question type, question) of the questions with quotes; each quote is a piece of evidence."""
    rows: list[tuple[str, Question]] = []
    for example in read_examples(language):
        if example.split == split and example.quotes:
            single = [example.model_copy(update={"quotes": (quote,)}) for quote in example.quotes]
            evidence = [set(resolve_gold(piece, documents, passages).gold) for piece in single]
            rows.append((example.question_type, Question(example.question, evidence)))
    return rows


def read_examples(language: str) -> list[Example]:
    return list(read_records(BENCHSET / f"questions.{language}.jsonl", Example))


if __name__ == "__main__":
    main()
