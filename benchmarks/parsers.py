"""Comparison of document parsers: quality, speed and size.

In: `benchset/documents/{ru,en}/*/*.md`, rendered as PDF, DOCX and HTML by `benchset/render.py`. Out: two tables in
Markdown. Columns of the first, for each format and parser: share of headings with the right level, of complete table
rows, of sentences and rows that can be located, and of neighbouring sentences in the right order; lines of clutter
(menus, page headers and footers); milliseconds per document (median); megabytes on disk with dependencies. The second
table shows which parsers pass hard cases.

    python benchmarks/parsers.py [--only opora]
"""

from __future__ import annotations

import argparse
import importlib.util
import io
import re
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from importlib import metadata
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from fpdf import FPDF
from packaging.requirements import Requirement

from opora.text.quotes import locate
from opora.text.sentences import sentences

ROOT = Path(__file__).resolve().parents[1]
Parse = Callable[[bytes], str]


class ParserCandidate(NamedTuple):
    """A parser to measure, and the packages that it needs."""

    name: str
    parse: Parse
    packages: tuple[str, ...]


class Reference(NamedTuple):
    """Expected content of a document: headings, table rows and sentences in Markdown."""

    headings: list[str]
    rows: list[str]
    sentences: list[str]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--only", default="", help="measure only parsers whose name contains this")
    only = arguments.parse_args().only
    render = load_render()
    paths = sorted((ROOT / "benchset" / "documents").glob("*/*/*.md"))
    texts = [(path.read_text(encoding="utf-8"), path.parents[1].name) for path in paths]
    renderers = {"pdf": render.render_pdf, "docx": render.render_docx, "html": render.render_html}
    print(f"{len(texts)} documents\n")
    print("| format | parser | headings | rows | located | order | clutter | ms | MB |")
    print("|---|---|---|---|---|---|---|---|---|")
    for kind, candidates in CANDIDATES.items():
        files = [(renderers[kind](text, language), reference_of(text, language)) for text, language in texts]
        for candidate in candidates:
            if only not in candidate.name:
                continue
            try:
                cells = measure(candidate, files, render)
            except ImportError as error:
                cells = [f"not measured: {str(error).splitlines()[0]}"]
            print(f"| {kind} | {candidate.name} | {' | '.join(cells)} |")
    names = [candidate.name for candidate in CANDIDATES["pdf"] if only in candidate.name]
    print(f"\n| hard case | {' | '.join(names)} |\n|{'---|' * (len(names) + 1)}")
    for kind, name, data, passes in hard_cases():
        candidates = [candidate for candidate in CANDIDATES[kind] if only in candidate.name]
        marks = ["yes" if passes(run(candidate, data)) else "no" for candidate in candidates]
        print(f"| {kind}: {name} | {' | '.join(marks)} |")


def measure(candidate: ParserCandidate, files: Iterable[tuple[bytes, Reference]], render: ModuleType) -> list[str]:
    """Return the cells of a parser's row."""
    headings, rows, located, order, seconds = [], [], [], [], []
    clutter = 0
    patterns = [*render.ARCHIVE_WORD.values(), *render.COOKIES.values()]
    menu = [item for items in render.NAVIGATION.values() for item in items]
    for data, reference in files:
        began = time.perf_counter()
        text = run(candidate, data)
        seconds.append(time.perf_counter() - began)
        lines = {normalize(line) for line in text.splitlines()}
        headings += [normalize(heading) in lines for heading in reference.headings]
        rows += [normalize(row) in lines for row in reference.rows]
        spans = [locate(quote, text) for quote in [*reference.sentences, *reference.rows]]
        located += [span is not None for span in spans]
        starts = [span[0] for span in spans[: len(reference.sentences)] if span]
        order += [before < after for before, after in pairwise(starts)]
        clutter += sum(text.count(pattern) for pattern in patterns)
        clutter += sum(line.strip("-* ").startswith(tuple(menu)) for line in text.splitlines())
        clutter += len(re.findall(r"^\W*(?:Страница|Page) \d+\W*$", text, re.MULTILINE))
    shares = [f"{statistics.mean(values):.3f}" if values else "-" for values in (headings, rows, located, order)]
    size = sum(map(megabytes, closure(candidate.packages)))
    return [*shares, str(clutter), f"{1000 * statistics.median(seconds):.1f}", f"{size:.0f}"]


def run(candidate: ParserCandidate, data: bytes) -> str:
    """Return the text of a document; empty if the parser fails."""
    try:
        return candidate.parse(data)
    except ImportError:  # reported as not measured
        raise
    except Exception as error:  # a failure counts as empty text
        print(f"{candidate.name}: {type(error).__name__}: {error}", file=sys.stderr)
        return ""


def reference_of(text: str, language: str) -> Reference:
    lines = text.splitlines()
    prose = [re.sub(r"^(?:- |\d+\. )", "", line) for line in lines if line and line[0] not in "#|"]
    return Reference(
        [line for line in lines if line.startswith("#")],
        [line for line in lines if line.startswith("|") and not re.fullmatch(r"[|\s:-]+", line)],
        [line[start:end] for line in prose for start, end in sentences(line, language)],
    )


def normalize(line: str) -> str:
    """Return a line with single blanks and without padding of table cells."""
    return re.sub(r"\s*\|\s*", "|", " ".join(line.split()))


def closure(packages: Iterable[str]) -> set[str]:
    """Return the packages and all their dependencies."""
    names: set[str] = set()
    seen: set[tuple[str, str]] = set()
    todo = [(name, "") for name in packages]
    while todo:
        name, extra = todo.pop()
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        names.add(name)
        for line in metadata.requires(name) or []:
            requirement = Requirement(line)
            if not requirement.marker or requirement.marker.evaluate({"extra": extra}):
                todo += [(requirement.name.lower(), extra) for extra in ["", *requirement.extras]]
    return names


def megabytes(package: str) -> float:
    files = [Path(file.locate()) for file in metadata.files(package) or []]
    return sum(file.stat().st_size for file in files if file.is_file()) / 1e6


def load_render() -> ModuleType:
    spec = importlib.util.spec_from_file_location("render", ROOT / "benchset" / "render.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def opora(data: bytes) -> str:
    from opora.corpus.parsers.registry import parse_document

    return parse_document(data, "document", 2**30).text


def kreuzberg(mime: str) -> Parse:
    def parse(data: bytes) -> str:
        from kreuzberg import ExtractionConfig, HierarchyConfig, PdfConfig, extract_bytes_sync

        config = ExtractionConfig(
            use_cache=False, output_format="markdown", pdf_options=PdfConfig(hierarchy=HierarchyConfig())
        )
        return str(extract_bytes_sync(data, mime, config=config).content)

    return parse


def pypdfium2(data: bytes) -> str:
    from pypdfium2 import PdfDocument

    return "\n".join(page.get_textpage().get_text_range() for page in PdfDocument(data))


def pdfplumber(data: bytes) -> str:
    import pdfplumber

    with pdfplumber.open(io.BytesIO(data)) as pdf:
        return "\n".join(page.extract_text() or "" for page in pdf.pages)


def python_docx(data: bytes) -> str:
    from docx import Document
    from docx.table import Table

    lines = []
    for block in Document(io.BytesIO(data)).iter_inner_content():
        if isinstance(block, Table):
            lines += ["| " + " | ".join(cell.text for cell in row.cells) + " |" for row in block.rows]
        else:
            lines.append(block.text)
    return "\n".join(lines)


def trafilatura(data: bytes) -> str:
    import trafilatura

    return trafilatura.extract(data, output_format="markdown", include_tables=True, favor_recall=True) or ""


def lxml_text(data: bytes) -> str:
    from lxml import html

    return str(html.document_fromstring(data).text_content())


WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
CANDIDATES: dict[str, list[ParserCandidate]] = {
    "pdf": [
        ParserCandidate("opora", opora, ("pdfplumber",)),
        ParserCandidate("kreuzberg", kreuzberg("application/pdf"), ("kreuzberg",)),
        ParserCandidate("pdfplumber, plain", pdfplumber, ("pdfplumber",)),
        ParserCandidate("pypdfium2, plain", pypdfium2, ("pypdfium2",)),
    ],
    "docx": [
        ParserCandidate("opora", opora, ("python-docx",)),
        ParserCandidate("kreuzberg", kreuzberg(WORD), ("kreuzberg",)),
        ParserCandidate("python-docx, plain", python_docx, ("python-docx",)),
    ],
    "html": [
        ParserCandidate("opora", opora, ("lxml",)),
        ParserCandidate("kreuzberg", kreuzberg("text/html"), ("kreuzberg",)),
        ParserCandidate("trafilatura", trafilatura, ("trafilatura",)),
        ParserCandidate("lxml, plain", lxml_text, ("lxml",)),
    ],
}


def hard_cases() -> Iterable[tuple[str, str, bytes, Callable[[str], bool]]]:
    """Yield (format, name, file, check of the text) of difficult PDFs."""
    lines = [
        "The well-known pump was main-",
        "tained by a well-",
        "known fitter from unit N-",
        "1 since 2019-",
        "2023.",
    ]
    yield "pdf", "a divided word is joined", flowing(lines), lambda text: "was maintained by" in text
    yield "pdf", "a compound keeps its hyphen", flowing(lines), lambda text: "a well-known fitter" in text
    yield "pdf", "a code keeps its hyphen", flowing(lines), lambda text: "unit N-1 since" in text
    columns = two_columns()
    yield (
        "pdf",
        "columns are read one after the other",
        columns,
        lambda text: in_order(text, "left 1", "left 9", "right 1"),
    )
    table = long_table()
    yield (
        "pdf",
        "a table on two pages is one table",
        table,
        lambda text: text.count("| Unit |") == 1 and "| u59 |" in text,
    )
    spanned = lambda text: any("Flow and head of it" in line for line in text.splitlines())  # noqa: E731
    yield "pdf", "a merged cell is complete", merged_cell(), spanned


def flowing(lines: Iterable[str]) -> bytes:
    pdf = page()
    for line in lines:
        pdf.cell(w=100, h=6, text=line, new_x="LMARGIN", new_y="NEXT")
    return bytes(pdf.output())


def two_columns() -> bytes:
    pdf = page()
    for left, name in ((15, "left"), (110, "right")):
        for number in range(10):
            pdf.set_xy(left, 20 + 6 * number)
            pdf.cell(w=80, h=6, text=f"This is line {name} {number} of the text,")
    return bytes(pdf.output())


def long_table() -> bytes:
    pdf = page()
    with pdf.table() as table:
        table.row(["Unit", "Flow"])
        for number in range(60):
            table.row([f"u{number}", str(number)])
    return bytes(pdf.output())


def merged_cell() -> bytes:
    pdf = page()
    with pdf.table(first_row_as_headings=False) as table:
        head = table.row()
        head.cell("Unit")
        head.cell("Flow and head of it", colspan=2, align="CENTER")
        for row in (["A", "1", "2"], ["B", "3", "4"]):
            table.row(row)
    return bytes(pdf.output())


def page() -> FPDF:
    pdf = FPDF()
    pdf.add_page()
    pdf.set_font("Helvetica", size=11)
    return pdf


def in_order(text: str, *pieces: str) -> bool:
    positions = [text.find(piece) for piece in pieces]
    return -1 not in positions and positions == sorted(positions)


if __name__ == "__main__":
    main()
