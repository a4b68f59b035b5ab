"""How well search finds the passage, how fast, and how both change with the number of passages.

In: a folder with `ru_chunks.jsonl.gz` and `ru_pairs.jsonl.gz` (see `corpora.py`), and the documents of the benchmark.
Out: tables in Markdown. recall@k is the share of the evidence found among the first k passages, a mean over questions
(where several passages answer, any of them will do); MRR counts the first passage that holds some, among ten. Every
engine builds and is asked in processes of its own: seconds and peak memory of the build (all its processes together,
five times a second), bytes on disk a passage,
milliseconds of the first question in a fresh process (cold), and of the others (warm).

Pairs are split in two by a hash of the passage: the reranker is trained and settings are chosen on `tune`, figures come
from `report`. Engines that are not installed are left out, and it is said.

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
from engines import ENGINES, MOST, NEEDS, RERANKED, SHARED, TRAINED

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
    parser.add_argument("--engines", type=engines_named, default="", help="divided by semicolons; by default all")
    parser.add_argument("--limit", type=int, default=500, help="questions, drawn with a seed")
    parser.add_argument("--half", choices=["tune", "report"], default="report")
    parser.add_argument("--folder", type=Path, help="where corpora and indexes stay; by default they are removed")
    parser.add_argument("--kinds", action="store_true", help="only the benchmark of the project, kind by kind")
    parser.add_argument("--child", nargs=4, metavar=("build|ask", "ENGINE", "CORPUS", "INDEX"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        step, engine, corpus, index = arguments.child
        result = build(engine, Path(corpus), Path(index)) if step == "build" else ask(engine, Path(corpus), Path(index))
        print(json.dumps(result))
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary)
        if arguments.data.is_dir() and not arguments.kinds:
            scale(arguments, folder)
        by_kind(folder / "benchmark", arguments.half)


def engines_named(text: str) -> list[str]:
    """The names in `text`, divided by semicolons; all if there are none."""
    named = [each.strip() for each in text.split(";") if each.strip()]
    if unknown := set(named) - ENGINES.keys():
        raise argparse.ArgumentTypeError(f"unknown: {'; '.join(sorted(unknown))}; known are {'; '.join(ENGINES)}")
    return named or list(ENGINES)


def scale(arguments: argparse.Namespace, folder: Path) -> None:
    """Quality and cost of every engine at every size."""
    missing = {NEEDS[each] for each in arguments.engines if each in NEEDS and not find_spec(NEEDS[each])}
    if missing:
        print(f"not installed, left out: {', '.join(sorted(missing))}", file=sys.stderr)
    engines = [each for each in arguments.engines if NEEDS.get(each) not in missing]
    pairs = read_pairs(arguments.data)
    costs, times = [HEAD, "|---" * 10 + "|"], [TIMES, "|---" * 7 + "|"]
    for size in map(int, arguments.sizes.split(",")):
        project = folder / str(size)
        ids = write_pairs(pairs, project / "corpus", size)
        asked = draw_questions(pairs, ids, arguments.half, arguments.limit)
        (project / "questions.json").write_text(json.dumps(asked), encoding="utf-8")
        for engine in (each for each in engines if size <= MOST.get(each, size)):
            train(engine, pairs, folder, project)
            row, laps = measure(engine, project)
            costs.append(f"| {size} | {engine} | {row} |")
            times += [f"| {size} | {engine} | {phase} | {cells} |" for phase, cells in laps.items()]
            print(costs[-1], flush=True)
    print("\n".join(["", *costs, "", *times]))


def train(engine: str, pairs: Pairs, folder: Path, project: Path) -> None:
    """Train what the engine needs, once for all sizes, and let the project have it."""
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
    """The questions of the half for tuning, with their passages, as a file of questions."""
    passages = {each.id: each for each in read_passages(project / "corpus")}
    path = project / "tune.jsonl"
    rows = []
    for number, (text, answers) in enumerate(pairs.questions.items()):
        if half_of(min(answers)) == "tune" and ids.keys() >= set(answers):
            gold = [passages[ids[each]] for each in dict.fromkeys(answers)]
            rows.append(
                Example(
                    id=f"q{number}", question=text, answer=gold[0].text, language="ru", split="train",
                    passages=tuple(gold), gold=tuple(each.id for each in gold),
                )
            )  # fmt: skip
    write_json_lines(path, rows)
    return path


def measure(engine: str, project: Path) -> tuple[str, dict[str, str]]:
    """Cells of the table of costs, and of that of times by phase."""
    index = index_of(engine, project)
    built = child("build", engine, project, index)
    asked = child("ask", engine, project, index)
    size = int(project.name)
    scores = " | ".join(f"{each:.3f}" for each in asked["scores"])
    held = sum(each.stat().st_size for root in project.glob(f"{index.name}*") for each in (root, *root.rglob("*")))
    cost = f"{built['seconds']:.1f} | {size / built['seconds']:.0f} | {built['peak']:.0f} | {held / size:.0f}"
    laps = {
        phase: f"{1000 * values[0]:.0f} | " + " | ".join(f"{1000 * each:.1f}" for each in quantiles(values[1:]))
        for phase, values in asked["laps"].items()
    }
    return f"{scores} | {cost}", laps


def index_of(engine: str, project: Path) -> Path:
    return project / f"index-{SHARED.get(engine, engine).replace(' ', '-').replace(',', '')}"


def quantiles(values: Sequence[float]) -> tuple[float, float, float]:
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    return cuts[49], cuts[94], cuts[98]


def child(step: str, engine: str, project: Path, index: Path) -> dict[str, Any]:
    command = [sys.executable, __file__, "--child", step, engine, str(project / "corpus"), str(index)]
    told = index.with_name(f"{index.name}.json")
    if step == "build" and told.exists():
        output = told.read_bytes()
    else:
        output = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
        if step == "build":
            told.write_bytes(output)
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


def watch_memory(ended: threading.Event, found: list[float]) -> None:
    """Add what this process and those that it started hold, in MB, again and again."""
    own = psutil.Process()
    while not ended.wait(0.2):
        held = 0.0
        for each in (own, *own.children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess):
                held += each.memory_info().rss / 2**20
        found.append(held)


def ask(engine: str, corpus: Path, index: Path) -> dict[str, Any]:
    """Recall at 1, 5, 10 and MRR; seconds of each question by phase, the first one that of a fresh process."""
    asked = json.loads((corpus.parent / "questions.json").read_text(encoding="utf-8"))
    questions = [Question(text, [set(ids)]) for text, ids in asked]
    began = time.perf_counter()
    engine_of = ENGINES[engine]()
    engine_of.open(index)
    found, seconds = [], []
    for question in questions:
        found.append(engine_of.search(question.text, 10))
        seconds.append(time.perf_counter() - began)
        began = time.perf_counter()
    return {"scores": scores_of(questions, found), "laps": {"all": seconds, **engine_of.laps}}


def scores_of(questions: Sequence[Question], found: Sequence[Sequence[str]]) -> list[float]:
    recalls = [
        statistics.mean(
            statistics.mean(bool(each & set(ids[:k])) for each in question.evidence)
            for question, ids in zip(questions, found, strict=True)
        )
        for k in (1, 5, 10)
    ]
    reciprocal = []
    for question, ids in zip(questions, found, strict=True):
        relevant = set().union(*question.evidence)
        reciprocal.append(next((1 / rank for rank, each in enumerate(ids, 1) if each in relevant), 0.0))
    return [*recalls, statistics.mean(reciprocal)]


def by_kind(project: Path, half: str) -> None:
    """recall@1 and @5 by kind of question, on the benchmark's own documents, in both languages. What is trained learns
    from the training questions of both, that is on `tune` from those that are asked."""
    corpus = project / "corpus"
    split = "train" if half == "tune" else "test"
    IngestStage(IngestSettings(), BENCHSET, corpus).run()
    questions = project / "train.jsonl"
    examples = [each for language in LANGUAGES for each in read_examples(language) if each.split == "train"]
    write_json_lines(questions, examples)
    EmbedderStage(EmbedderTrainSettings(questions=questions), corpus, project / "train" / "embedder").run()
    for settings in (RERANKED, TRAINED):
        reranker = RerankerTrainSettings(questions=questions)
        RerankerStage(reranker, settings, corpus, project / settings.reranker).run()
    engines = ["terms", "dense", "fused", "reranked", "dense, trained", "fused, trained", "reranked, trained"]
    for engine in engines:
        if engine not in SHARED:
            ENGINES[engine]().build(corpus, index_of(engine, project))
    documents, passages = list(read_documents(corpus)), list(read_passages(corpus))
    print(f"\n| language | kind | questions | {' | '.join(f'{each} @1 | @5' for each in engines)} |")
    print("|---" * (3 + 2 * len(engines)) + "|")
    for language in LANGUAGES:
        asked = read_benchmark(language, split, documents, passages)
        opened = {each: ENGINES[each]() for each in engines}
        for name, each in opened.items():
            each.open(index_of(name, project))
        for kind in (*QUESTION_TYPES, "all"):
            chosen = [question for of, question in asked if kind in (of, "all")]
            if chosen:
                cells = []
                for each in opened.values():
                    scores = scores_of(chosen, [each.search(question.text, 10) for question in chosen])
                    cells += [f"{scores[0]:.2f}", f"{scores[1]:.2f}"]
                print(f"| {language} | {kind} | {len(chosen)} | {' | '.join(cells)} |")


def read_benchmark(language: str, split: str, documents: Any, passages: Any) -> list[tuple[str, Question]]:
    """Questions with quotes, each quote a piece of evidence, and the kind of each."""
    found: list[tuple[str, Question]] = []
    for example in read_examples(language):
        if example.split == split and example.quotes:
            each = [example.model_copy(update={"quotes": (quote,)}) for quote in example.quotes]
            evidence = [set(resolve_gold(one, documents, passages).gold) for one in each]
            found.append((example.question_type, Question(example.question, evidence)))
    return found


def read_examples(language: str) -> list[Example]:
    return list(read_records(BENCHSET / f"questions.{language}.jsonl", Example))


if __name__ == "__main__":
    main()
