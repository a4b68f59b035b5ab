"""Parser of PDF: paragraphs from lines, headings from font sizes, tables from ruling lines.

pdfplumber extracts characters, lines and tables. This module decides which lines are headings, list items, parts of one
paragraph, or running headers. Limitation: text in several columns is read across the columns.
"""

from __future__ import annotations

import functools
import io
import itertools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import pdfplumber
from pdfminer.pdfdocument import PDFPasswordIncorrect

from opora.corpus.blocks import Block, markdown_table, one_line
from opora.corpus.parsers.base import ParseContext, ParseError, Reading, Suspicion

HEADING_RATIO = 1.12
"""A line whose font is at least this many times the body font is a heading."""
PARAGRAPH_GAP = 1.5
"""A gap of more than this many usual line distances starts a new paragraph."""
MARGIN_SHARE = 0.1
"""Share of the page height, at top and bottom, in which running headers and footers are looked for."""
MAX_BOLD_HEADING = 100
"""Maximum length, in characters, of a bold line that counts as a heading."""

_MARK = re.compile(r"^(?:(?P<bullet>[•▪◦‣●∙·–—-])|(?P<number>\d{1,3}[.)]))\s+(?=\S)")
_TERMINAL = re.compile(r"[.!?:;…»\")]$")


class PdfLine(NamedTuple):
    """A line of text. Distances are in points from the top left corner of its page."""

    page: int
    text: str
    top: float
    bottom: float
    size: float
    bold: bool
    page_height: float


class PdfBlock(NamedTuple):
    """A block of Markdown: a heading, list item, paragraph or table. Only tables have a `top`, like that of lines."""

    page: int
    kind: str
    text: str
    top: float = 0.0


def parse(data: bytes, context: ParseContext) -> Reading:
    """Parse a PDF. Raises ParseError if the bytes are not a PDF, are encrypted, or hold no text."""
    try:
        with pdfplumber.open(io.BytesIO(data)) as pdf:
            pages = [_page(page) for page in pdf.pages]
            title = one_line(str((pdf.metadata or {}).get("Title") or ""))
    except MemoryError:
        raise
    except Exception as error:  # pdfminer raises many kinds of exceptions, pdfplumber wraps some of them
        if any(isinstance(cause, PDFPasswordIncorrect) for cause in (error, *error.args)):
            raise ParseError("encrypted", "a password is required") from None
        raise ParseError("corrupt", f"{type(error).__name__}: {error}"[:200]) from None
    if not any(pages):
        raise ParseError("no text", f"{len(pages)} pages without a text layer; run OCR on scans first")
    pages = _without_running_lines(pages)
    blocks = [_as_block(block) for block in _rejoin(_blocks(list(itertools.chain(*pages))))]
    suspicions = [Suspicion(reason="no text", page=number) for number, page in enumerate(pages, 1) if not page]
    return Reading(blocks, titles=[title], page_count=len(pages), suspicions=suspicions)


def _as_block(block: PdfBlock) -> Block:
    if block.kind == "heading":
        marks, _, text = block.text.partition(" ")
        return Block("heading", text, level=len(marks), page=block.page)
    if block.kind == "item":
        mark, _, text = block.text.partition(" ")
        return Block("item", text, mark=mark, page=block.page)
    return Block("table" if block.kind == "table" else "paragraph", block.text, page=block.page)


def _page(page: Any) -> list[PdfLine | PdfBlock]:
    """Return the lines and tables of a page, from top to bottom."""
    tables = [table for table in page.find_tables() if len(table.rows) > 1 and len(table.rows[0].cells) > 1]
    boxes = [table.bbox for table in tables]

    def outside(item: dict[str, Any]) -> bool:
        x, y = (item["x0"] + item["x1"]) / 2, (item["top"] + item["bottom"]) / 2
        return not any(x0 <= x <= x1 and y0 <= y <= y1 for x0, y0, x1, y1 in boxes)

    items: list[PdfLine | PdfBlock] = []
    for line in page.filter(outside).extract_text_lines(return_chars=True):
        sizes = Counter(round(char["size"], 1) for char in line["chars"])
        bold = all("bold" in char["fontname"].lower() for char in line["chars"] if char["text"].strip())
        size = sizes.most_common(1)[0][0]
        if text := one_line(line["text"]):
            height = float(page.height)
            items.append(PdfLine(page.page_number, text, line["top"], line["bottom"], size, bold, height))
    for table in tables:
        rows = [[(cell or "").replace("\n", " ") for cell in row] for row in table.extract()]
        items.append(PdfBlock(page.page_number, "table", markdown_table(rows), top=table.bbox[1]))
    return sorted(items, key=lambda item: item.top)


def _without_running_lines(pages: Sequence[Sequence[PdfLine | PdfBlock]]) -> list[list[PdfLine | PdfBlock]]:
    """Remove page numbers, and lines in the margins of at least two, and at least half, of the pages."""
    counts = Counter(shape for page in pages for shape in {_shape(item.text) for item in page if _in_margin(item)})
    running = {shape for shape, count in counts.items() if count > 1 and 2 * count >= len(pages)}

    def is_running(item: PdfLine | PdfBlock) -> bool:
        return _in_margin(item) and (_shape(item.text) in running or item.text.isdigit())

    return [[item for item in page if not is_running(item)] for page in pages]


def _in_margin(item: PdfLine | PdfBlock) -> bool:
    if isinstance(item, PdfBlock):
        return False
    margin = MARGIN_SHARE * item.page_height
    return item.bottom < margin or item.top > item.page_height - margin


def _shape(text: str) -> str:
    """Return the folded text with every number as `#`, so that running lines with page numbers are equal."""
    return re.sub(r"\d+", "#", text.casefold())


def _blocks(items: Sequence[PdfLine | PdfBlock]) -> Iterator[PdfBlock]:
    """Yield headings, list items, paragraphs and tables, page by page."""
    lines = [item for item in items if isinstance(item, PdfLine)]
    body, gap = _body_size(lines), _line_gap(lines)
    levels = _levels(lines, body)
    run: list[PdfLine] = []
    for item in items:
        if run and (isinstance(item, PdfBlock) or _starts_block(item, run[-1], gap, body)):
            yield _merge(run, levels, body)
            run = []
        if isinstance(item, PdfBlock):
            yield item
        else:
            run.append(item)
    if run:
        yield _merge(run, levels, body)


def _starts_block(line: PdfLine, last: PdfLine, gap: float, body: float) -> bool:
    """Return True if `line` starts a new block instead of continuing the one that `last` belongs to."""
    if line.page != last.page or _MARK.match(line.text):
        return True
    if _is_heading(line, body) != _is_heading(last, body) or abs(line.size - last.size) > 0.5:
        return True
    return line.top - last.top > PARAGRAPH_GAP * gap * max(1.0, last.size / body)


def _merge(run: Sequence[PdfLine], levels: dict[float, int], body: float) -> PdfBlock:
    """Return the block that consecutive lines form."""
    first, text = run[0], functools.reduce(_join_lines, (line.text for line in run))
    if _is_heading(first, body):
        return PdfBlock(first.page, "heading", f"{'#' * levels.get(first.size, len(levels) + 1)} {text}")
    if mark := _MARK.match(text):
        sign = mark["number"].replace(")", ".") if mark["number"] else "-"
        return PdfBlock(first.page, "item", f"{sign} {text[mark.end() :]}")
    return PdfBlock(first.page, "paragraph", text)


def _rejoin(blocks: Iterator[PdfBlock]) -> list[PdfBlock]:
    """Join paragraphs that a page break splits, and tables whose header is repeated on the next page."""
    joined: list[PdfBlock] = []
    for block in blocks:
        last = joined[-1] if joined else block
        header, rows = block.text.split("\n")[:2], block.text.split("\n")[2:]
        is_continued = block.text[:1].islower() and not _TERMINAL.search(last.text)
        if last.page == block.page or last.kind != block.kind:
            joined.append(block)
        elif block.kind == "table" and last.text.split("\n")[:2] == header:
            joined[-1] = last._replace(text="\n".join([last.text, *rows]))
        elif block.kind in ("paragraph", "item") and is_continued:
            joined[-1] = last._replace(text=_join_lines(last.text, block.text))
        else:
            joined.append(block)
    return joined


def _join_lines(text: str, line: str) -> str:
    """Join `text` and the line below it, and a word that is hyphenated between them."""
    if re.search(r"[^\W\d_]-$", text) and line[:1].islower():
        return text[:-1] + line
    return f"{text} {line}"


def _body_size(lines: Sequence[PdfLine]) -> float:
    """Return the font size, in points, of most characters."""
    sizes: Counter[float] = Counter()
    for line in lines:
        sizes[line.size] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 1.0


def _line_gap(lines: Sequence[PdfLine]) -> float:
    """Return the most frequent distance between consecutive lines of one font size, in points."""
    gaps = Counter(
        round(below.top - above.top)
        for above, below in itertools.pairwise(lines)
        if above.page == below.page and above.size == below.size and below.top > above.top
    )
    return float(gaps.most_common(1)[0][0]) if gaps else 12.0


def _levels(lines: Sequence[PdfLine], body: float) -> dict[float, int]:
    """Return heading level by font size; the largest size has level 1."""
    sizes = sorted({line.size for line in lines if line.size >= HEADING_RATIO * body}, reverse=True)
    return {size: min(level, 6) for level, size in enumerate(sizes, 1)}


def _is_heading(line: PdfLine, body: float) -> bool:
    if line.size >= HEADING_RATIO * body:
        return True
    return line.bold and line.size >= body and len(line.text) <= MAX_BOLD_HEADING and not _TERMINAL.search(line.text)
