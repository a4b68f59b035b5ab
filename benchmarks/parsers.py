"""Which library reads documents best: what each parser keeps of the sample, how fast, and how large it is.

In: `benchset/documents/{ru,en}/*/*.md`, each rendered as PDF, DOCX and HTML by `benchset/render.py`. Out: two tables in
Markdown. For each format and parser: the share of headings that come back with their level, of table rows that come
back whole, of sentences and rows that can be located at all, of neighbouring sentences that keep their order, how many
lines of clutter (menus, page headers and footers) enter the text, milliseconds a document (median), and megabytes that
the parser and what it needs take on disk. Then the hard cases, each one yes or no.

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


class Candidate(NamedTuple):
    name: str
    parse: Parse
    packages: tuple[str, ...]


class Reference(NamedTuple):
    """What a document holds: its Markdown, headings, table rows, sentences."""

    headings: list[str]
    rows: list[str]
    sentences: list[str]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--only", default="", help="only parsers whose name contains this")
    only = arguments.parse_args().only
    render = load_render()
    paths = sorted((ROOT / "sample" / "documents").glob("*/*/*.md"))
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
    names = [each.name for each in CANDIDATES["pdf"] if only in each.name]
    print(f"\n| hard case | {' | '.join(names)} |\n|{'---|' * (len(names) + 1)}")
    for kind, name, data, holds in hard_cases():
        marks = ["yes" if holds(run(each, data)) else "no" for each in CANDIDATES[kind] if only in each.name]
        print(f"| {kind}: {name} | {' | '.join(marks)} |")


def measure(candidate: Candidate, files: Iterable[tuple[bytes, Reference]], render: ModuleType) -> list[str]:
    """The cells of a parser's row."""
    headings, rows, located, order, seconds = [], [], [], [], []
    clutter = 0
    patterns = [*render.ARCHIVE_WORD.values(), *render.COOKIES.values()]
    menu = [item for items in render.NAVIGATION.values() for item in items]
    for data, reference in files:
        began = time.perf_counter()
        text = run(candidate, data)
        seconds.append(time.perf_counter() - began)
        lines = {normal(line) for line in text.splitlines()}
        headings += [normal(each) in lines for each in reference.headings]
        rows += [normal(each) in lines for each in reference.rows]
        places = [locate(each, text) for each in [*reference.sentences, *reference.rows]]
        located += [place is not None for place in places]
        found = [place[0] for place in places[: len(reference.sentences)] if place]
        order += [before < after for before, after in pairwise(found)]
        clutter += sum(text.count(each) for each in patterns)
        clutter += sum(line.strip("-* ").startswith(tuple(menu)) for line in text.splitlines())
        clutter += len(re.findall(r"^\W*(?:Страница|Page) \d+\W*$", text, re.MULTILINE))
    shares = [f"{statistics.mean(each):.3f}" if each else "-" for each in (headings, rows, located, order)]
    size = sum(map(megabytes, closure(candidate.packages)))
    return [*shares, str(clutter), f"{1000 * statistics.median(seconds):.1f}", f"{size:.0f}"]


def run(candidate: Candidate, data: bytes) -> str:
    try:
        return candidate.parse(data)
    except ImportError:  # a parser that is not installed has no figures
        raise
    except Exception as error:  # one that fails has kept nothing
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


def normal(line: str) -> str:
    """A line with white space and the padding of table cells made alike."""
    return re.sub(r"\s*\|\s*", "|", " ".join(line.split()))


def closure(packages: Iterable[str]) -> set[str]:
    """The packages and all that they need."""
    found: set[str] = set()
    seen: set[tuple[str, str]] = set()
    todo = [(name, "") for name in packages]
    while todo:
        name, extra = todo.pop()
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        found.add(name)
        for line in metadata.requires(name) or []:
            requirement = Requirement(line)
            if not requirement.marker or requirement.marker.evaluate({"extra": extra}):
                todo += [(requirement.name.lower(), each) for each in ["", *requirement.extras]]
    return found


def megabytes(package: str) -> float:
    files = [Path(each.locate()) for each in metadata.files(package) or []]
    return sum(each.stat().st_size for each in files if each.is_file()) / 1e6


def load_render() -> ModuleType:
    spec = importlib.util.spec_from_file_location("render", ROOT / "sample" / "render.py")
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
    for each in Document(io.BytesIO(data)).iter_inner_content():
        if isinstance(each, Table):
            lines += ["| " + " | ".join(cell.text for cell in row.cells) + " |" for row in each.rows]
        else:
            lines.append(each.text)
    return "\n".join(lines)


def trafilatura(data: bytes) -> str:
    import trafilatura

    return trafilatura.extract(data, output_format="markdown", include_tables=True, favor_recall=True) or ""


def lxml_text(data: bytes) -> str:
    from lxml import html

    return str(html.document_fromstring(data).text_content())


WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
CANDIDATES: dict[str, list[Candidate]] = {
    "pdf": [
        Candidate("opora", opora, ("pdfplumber",)),
        Candidate("kreuzberg", kreuzberg("application/pdf"), ("kreuzberg",)),
        Candidate("pdfplumber, plain", pdfplumber, ("pdfplumber",)),
        Candidate("pypdfium2, plain", pypdfium2, ("pypdfium2",)),
    ],
    "docx": [
        Candidate("opora", opora, ("python-docx",)),
        Candidate("kreuzberg", kreuzberg(WORD), ("kreuzberg",)),
        Candidate("python-docx, plain", python_docx, ("python-docx",)),
    ],
    "html": [
        Candidate("opora", opora, ("lxml",)),
        Candidate("kreuzberg", kreuzberg("text/html"), ("kreuzberg",)),
        Candidate("trafilatura", trafilatura, ("trafilatura",)),
        Candidate("lxml, plain", lxml_text, ("lxml",)),
    ],
}


def hard_cases() -> Iterable[tuple[str, str, bytes, Callable[[str], bool]]]:
    """(format, what, file, whether a text passes) of PDFs and a DOCX that the sample does not hold."""
    lines = [
        "The well-known pump was main-",
        "tained by a well-",
        "known fitter from unit N-",
        "1 since 2019-",
        "2023.",
    ]
    yield "pdf", "a divided word is whole again", flowing(lines), lambda text: "was maintained by" in text
    yield "pdf", "a compound keeps its hyphen", flowing(lines), lambda text: "a well-known fitter" in text
    yield "pdf", "a code keeps its hyphen", flowing(lines), lambda text: "unit N-1 since" in text
    columns = two_columns()
    yield "pdf", "two columns are read one by one", columns, lambda text: in_order(text, "left 1", "left 9", "right 1")
    table = long_table()
    yield "pdf", "a table over two pages is one", table, lambda text: text.count("| Unit |") == 1 and "| u59 |" in text
    spanned = lambda text: any("Flow and head of it" in line for line in text.splitlines())  # noqa: E731
    yield "pdf", "a merged cell is read whole", merged_cell(), spanned


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
    places = [text.find(piece) for piece in pieces]
    return -1 not in places and places == sorted(places)


if __name__ == "__main__":
    main()
