"""Benchmark of reading documents as people have them: web pages, office files, real documents, and our own made hard.

In: a folder with `html_pages.tar.xz`, `office_files.tar.xz` and `real_documents.tar.xz`, and `benchset/documents`. Out:
Markdown tables, and passages to read beside their sources.

- `html`: precision, recall and F of the main text of web pages, on segments that it must and must not hold.
- `office`: format, characters, coverage and reason of every file, to be checked against the files.
- `real`: documents, passages with headings, suspect documents; passages drawn at random.
- `speed`: seconds a PDF page, a PDF of 1,000 pages through `opora ingest`, and the memory of its workers.
- `hard`: the questions of the benchmark asked of its documents in clean and in hard forms (`benchset/hard.py`): share
  of the evidence among the passages found, and of the key facts in the answers of `extractive`.

    python benchmarks/documents.py html office real speed hard [--data DATA] [--forms columns,web] [--without columns]
"""

from __future__ import annotations

import argparse
import importlib.util
import random
import re
import statistics
import sys
import tarfile
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType

import document_parts
import psutil

import opora
from opora.answer.settings import AskSettings
from opora.artifacts import read_json_lines, read_records
from opora.corpus.blocks import INVISIBLE
from opora.corpus.parsers.base import ParseError
from opora.corpus.parsers.registry import parse_document
from opora.corpus.reader import read_documents, read_passages
from opora.metrics.key_facts import key_fact_score
from opora.records import Example, Passage
from opora.retrieval.search.searcher import Index
from opora.text.words import word_texts

ROOT = Path(__file__).resolve().parents[1]
BENCHSET = ROOT / "src" / "opora" / "projects" / "benchmark"
LIMIT = 2**29
TOP_K = 4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("parts", nargs="+", choices=["html", "office", "real", "speed", "hard"])
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--forms", default="clean,columns,shaded,split,numbered,web,wrapped,scan,volume")
    parser.add_argument("--without", default="", help=f"switch off parts: {', '.join(document_parts.PARTS)}")
    parser.add_argument("--seed", type=int, default=0, help="seed of the passages drawn")
    arguments = parser.parse_args()
    names = [name for name in arguments.without.split(",") if name]
    with document_parts.switched_off(names), tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for part in arguments.parts:
            print(f"\n## {part}{' without ' + ', '.join(names) if names else ''}\n", flush=True)
            if part == "html":
                html(unpack(arguments.data, "html_pages", folder))
            elif part == "office":
                office(unpack(arguments.data, "office_files", folder))
            elif part == "real":
                real(unpack(arguments.data, "real_documents", folder), folder, arguments.seed)
            elif part == "speed":
                speed(unpack(arguments.data, "real_documents", folder), folder)
            else:
                hard(arguments.forms.split(","), folder)


def unpack(data: Path, name: str, folder: Path) -> Path:
    with tarfile.open(data / f"{name}.tar.xz") as archive:
        archive.extractall(folder / name, filter="data")
    return folder / name


def html(folder: Path) -> None:
    """Print precision, recall and F over the labelled segments of all pages."""
    hits = misses = leaks = clean = 0
    seconds, failures = 0.0, Counter[str]()
    for _, row in read_json_lines(folder / "html" / "labels.jsonl"):
        began = time.perf_counter()
        try:
            text = parse_document((folder / "html" / row["file"]).read_bytes(), row["file"], LIMIT).text
        except ParseError as error:
            text, failures[error.reason] = "", failures[error.reason] + 1
        seconds += time.perf_counter() - began
        flat = flatten(text)
        found = [flatten(segment) in flat for segment in row["with"]]
        leaked = [flatten(segment) in flat for segment in row["without"]]
        hits, misses = hits + sum(found), misses + len(found) - sum(found)
        leaks, clean = leaks + sum(leaked), clean + len(leaked) - sum(leaked)
    precision, recall = hits / (hits + leaks), hits / (hits + misses)
    f_score = 2 * precision * recall / (precision + recall)
    print("| precision | recall | F | accuracy | seconds | without text |\n|---|---|---|---|---|---|")
    accuracy = (hits + clean) / (hits + misses + leaks + clean)
    print(f"| {precision:.3f} | {recall:.3f} | {f_score:.3f} | {accuracy:.3f} | {seconds:.1f} | {dict(failures)} |")


def flatten(text: str) -> str:
    """Return text without Markdown marks, escapes and invisible characters, with single blanks."""
    visible = text.translate(INVISIBLE)
    return " ".join(re.sub(r"[\\|#*`>]|^\s*(?:-|\d+\.)\s", " ", visible, flags=re.MULTILINE).split())


def office(folder: Path) -> None:
    """Print how every file is read."""
    print("| file | format | characters | parts | coverage | suspicions, or reason |\n|---|---|---|---|---|---|")
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = path.relative_to(folder)
        try:
            parsed = parse_document(path.read_bytes(), str(path), LIMIT)
        except ParseError as error:
            print(f"| {name} | dropped | | | | {error} |")
            continue
        reasons = Counter(suspicion.reason for suspicion in parsed.suspicions)
        notes = ", ".join(f"{reason} ({count})" for reason, count in reasons.items())
        coverage = parsed.quality.get("coverage")
        share = "" if coverage is None else f"{coverage:.2f}"
        print(f"| {name} | {parsed.format} | {len(parsed.text)} | {len(parsed.parts)} | {share} | {notes} |")


def real(documents: Path, folder: Path, seed: int) -> None:
    """Print a line about every real document, and 30 passages drawn at random."""
    corpus = folder / "real-corpus"
    opora.ingest(documents, corpus)
    passages = list(read_passages(corpus))
    print("| document | title | language | passages | with headings | suspect |\n|---|---|---|---|---|---|")
    total, headed = 0, 0
    for document in read_documents(corpus):
        own = [passage for passage in passages if passage.document_id == document.id]
        with_heading = sum(bool(passage.heading) for passage in own)
        total, headed = total + len(own), headed + with_heading
        suspect = document.metadata.get("suspect", "")
        cells = (document.source, document.title[:50], document.language, len(own), with_heading, suspect)
        print(f"| {' | '.join(map(str, cells))} |")
    print(f"\n{headed} of {total} passages have a heading.")
    for _, row in read_json_lines(corpus / "dropped.jsonl"):
        print(f"dropped: {row['source']}: {row['reason']} {row['detail']}")
    for number, passage in enumerate(random.Random(seed).sample(passages, 30), 1):
        print(f"\n### {number}. {passage.location}\n\n{passage.full_text}")


def speed(documents: Path, folder: Path) -> None:
    """Print the seconds a page of each PDF, and those of a PDF of 1,000 pages with the memory of the workers."""
    print("| file | pages | s a page |\n|---|---|---|")
    pages, seconds = 0, 0.0
    for path in sorted(documents.rglob("*.pdf")):
        began = time.perf_counter()
        parsed = parse_document(path.read_bytes(), path.name, LIMIT)
        took = time.perf_counter() - began
        count = len(parsed.pages)
        pages, seconds = pages + count, seconds + took
        print(f"| {path.name} | {count} | {took / count:.3f} |")
    print(f"| all | {pages} | {seconds / pages:.3f} |")
    for count in (1, 2):
        book = folder / f"book-{count}"
        book.mkdir()
        for number in range(count):
            (book / f"{number}.pdf").write_bytes(thousand_pages(number))
        began = time.perf_counter()
        with PeakMemory() as memory:
            opora.ingest(book, folder / f"corpus-{count}")
        took = time.perf_counter() - began
        print(f"\n{count} PDF of 1,000 pages: {took:.1f} s, {memory.peak_mb:.0f} MB in the largest worker")


def thousand_pages(seed: int) -> bytes:
    """Return a manual of 1,000 pages of text."""
    from fpdf import FPDF

    draw = random.Random(seed)
    words = "valve pump relay log station pressure operator checks every the and opens after closes line unit".split()
    pdf = FPDF()
    pdf.set_font("Helvetica", size=10)
    for number in range(1000):
        pdf.add_page()
        text = " ".join(draw.choice(words) for _ in range(420))
        pdf.multi_cell(0, 5, f"{number + 1}. Section of unit {number}\n{text}.")
    return bytes(pdf.output())


class PeakMemory:
    """Largest resident memory of a child process while the block runs, in MB, sampled ten times a second."""

    peak_mb = 0.0

    def __enter__(self) -> PeakMemory:
        import threading

        self._end = threading.Event()
        self._thread = threading.Thread(target=self._sample)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._end.wait(0.1):
            for child in psutil.Process().children(recursive=True):
                try:
                    self.peak_mb = max(self.peak_mb, child.memory_info().rss / 1e6)
                except psutil.Error:
                    continue  # it has just ended


def hard(forms: Sequence[str], folder: Path) -> None:
    """Print the evidence and key facts found when the documents come in each form."""
    examples = [example for example in read_questions() if example.quotes]
    print(f"{len(examples)} questions with evidence\n")
    print(
        "| form | language | evidence | key facts | refused | passages | s to ingest |\n|---|---|---|---|---|---|---|"
    )
    renderer = load_module(ROOT / "benchset" / "hard.py")
    for form in forms:
        documents = BENCHSET / "documents" if form == "clean" else folder / form
        if form != "clean":
            list(renderer.render_form(form, documents))
        corpus, index = folder / f"{form}-corpus", folder / f"{form}-index"
        began = time.perf_counter()
        opora.ingest(documents, corpus)
        seconds = time.perf_counter() - began
        opora.build_index(corpus, index)
        opened = opora.open_index(index)
        count = sum(1 for _ in read_passages(corpus))
        for language in ("ru", "en"):
            rows = [score(example, opened) for example in examples if example.language == language]
            evidence, facts, refused = (statistics.mean(column) for column in zip(*rows, strict=True))
            print(f"| {form} | {language} | {evidence:.3f} | {facts:.3f} | {refused:.3f} | {count} | {seconds:.0f} |")
            sys.stdout.flush()


def score(example: Example, index: Index) -> tuple[float, float, float]:
    """Return the share of the quotes among the passages found, key facts of the answer, and 1.0 if it is a refusal."""
    answer = opora.ask(example.question, index, settings=AskSettings(top_k=TOP_K))
    found = [any(holds(hit.passage, quote.text) for hit in answer.hits) for quote in example.quotes]
    facts = key_fact_score(answer.text, example.facts, example.language)
    return statistics.mean(found), facts or 0.0, float(answer.refused)


def holds(passage: Passage, quote: str) -> bool:
    """Return true if the words of a quote follow each other in a passage, whatever stands between them."""
    return f" {' '.join(word_texts(quote))} ".casefold() in f" {' '.join(word_texts(passage.full_text))} ".casefold()


def read_questions() -> Iterator[Example]:
    for language in ("ru", "en"):
        yield from read_records(BENCHSET / f"questions.{language}.jsonl", Example)


def load_module(path: Path) -> ModuleType:
    sys.path.insert(0, str(path.parent))  # for the modules beside it
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    main()
