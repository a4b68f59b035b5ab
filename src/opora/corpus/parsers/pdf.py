"""Parser of PDF: paragraphs from lines, headings from font sizes, tables from ruling lines.

pdfplumber extracts characters, lines and tables. This module decides which lines are headings, list items, parts of one
paragraph, or running headers. Limitation: text in several columns is read across the columns.
"""

from __future__ import annotations

import io
import itertools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import pdfplumber
from pdfminer.pdfdocument import PDFPasswordIncorrect

from opora.corpus.parsers.base import Parsed, ParseError
from opora.corpus.parsers.markdown import first_heading, markdown_table, one_line

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
    left: float
    size: float
    bold: bool
    page_height: float


class PdfBlock(NamedTuple):
    """A block of Markdown: a heading, list item, paragraph or table."""

    page: int
    kind: str
    text: str


def parse(data: bytes) -> Parsed:
    """Parse a PDF. Raises ParseError if the bytes are not a PDF, are encrypted, or hold no text."""
    try:
        with pdfplumber.open(io.BytesIO(data)) as pdf:
            pages = [list(_page(page)) for page in pdf.pages]
            title = one_line(str((pdf.metadata or {}).get("Title") or ""))
    except MemoryError:
        raise
    except Exception as error:  # pdfminer raises many kinds of exceptions, pdfplumber wraps some of them
        if any(isinstance(cause, PDFPasswordIncorrect) for cause in (error, *error.args)):
            raise ParseError("encrypted", "a password is required") from None
        raise ParseError("corrupt", f"{type(error).__name__}: {error}"[:200]) from None
    if not any(pages):
        raise ParseError("no text", f"{len(pages)} pages without a text layer; run OCR on scans first")
    running = _running_lines(pages)
    pages = [[item for item in page if not _is_running(item, running)] for page in pages]
    blocks = list(_rejoin(_blocks([item for page in pages for item in page])))
    text, starts = _join_pages(blocks, len(pages))
    suspect = tuple(number for number, page in enumerate(pages, 1) if not page)
    return Parsed(title=title or first_heading(text), text=text, pages=starts, suspect_pages=suspect)


def _page(page: Any) -> Iterator[PdfLine | PdfBlock]:
    """Return the lines and tables of a page, from top to bottom."""
    tables = [table for table in page.find_tables() if len(table.rows) > 1 and len(table.rows[0].cells) > 1]
    boxes = [table.bbox for table in tables]

    def outside(item: dict[str, Any]) -> bool:
        x, y = (item["x0"] + item["x1"]) / 2, (item["top"] + item["bottom"]) / 2
        return not any(x0 <= x <= x1 and y0 <= y <= y1 for x0, y0, x1, y1 in boxes)

    items: list[tuple[float, PdfLine | PdfBlock]] = []
    for line in page.filter(outside).extract_text_lines(return_chars=True):
        sizes = Counter(round(char["size"], 1) for char in line["chars"])
        bold = all("bold" in char["fontname"].lower() for char in line["chars"] if char["text"].strip())
        size = sizes.most_common(1)[0][0]
        text = one_line(line["text"])
        if text:
            location = line["top"], line["bottom"], line["x0"]
            items.append((line["top"], PdfLine(page.page_number, text, *location, size, bold, float(page.height))))
    for table, box in zip(tables, boxes, strict=True):
        rows = [[(cell or "").replace("\n", " ") for cell in row] for row in table.extract()]
        items.append((box[1], PdfBlock(page.page_number, "table", markdown_table(rows))))
    return (item for _, item in sorted(items, key=lambda pair: pair[0]))


def _running_lines(pages: Sequence[Sequence[PdfLine | PdfBlock]]) -> frozenset[str]:
    """Return the shapes of lines in the margins of at least two, and at least half, of the pages."""
    counts: Counter[str] = Counter()
    for page in pages:
        counts.update({_shape(item.text) for item in page if isinstance(item, PdfLine) and _in_margin(item)})
    return frozenset(shape for shape, count in counts.items() if count > 1 and 2 * count >= len(pages))


def _is_running(item: PdfLine | PdfBlock, running: frozenset[str]) -> bool:
    """Return True for a running header, a running footer or a page number."""
    return isinstance(item, PdfLine) and _in_margin(item) and (_shape(item.text) in running or item.text.isdigit())


def _in_margin(line: PdfLine) -> bool:
    margin = MARGIN_SHARE * line.page_height
    return line.bottom < margin or line.top > line.page_height - margin


def _shape(text: str) -> str:
    """Return the folded text with every number as `#`, so that running lines with page numbers are equal."""
    return re.sub(r"\d+", "#", text.casefold())


def _blocks(items: Sequence[PdfLine | PdfBlock]) -> Iterator[PdfBlock]:
    """Yield headings, list items, paragraphs and tables, page by page."""
    lines = [item for item in items if isinstance(item, PdfLine)]
    body = _body_size(lines)
    levels = _levels(lines, body)
    gap = _line_gap(lines)
    run: list[PdfLine] = []
    for item in items:
        if isinstance(item, PdfBlock):
            yield from _merge(run, levels, body)
            run = []
            yield item
            continue
        if run and _starts_block(item, run[-1], gap, body):
            yield from _merge(run, levels, body)
            run = []
        run.append(item)
    yield from _merge(run, levels, body)


def _starts_block(line: PdfLine, last: PdfLine, gap: float, body: float) -> bool:
    """Return True if `line` starts a new block instead of continuing the one that `last` belongs to."""
    if line.page != last.page or _MARK.match(line.text):
        return True
    if _is_heading(line, body) != _is_heading(last, body) or abs(line.size - last.size) > 0.5:
        return True
    return line.top - last.top > PARAGRAPH_GAP * gap * max(1.0, last.size / body)


def _merge(run: Sequence[PdfLine], levels: dict[float, int], body: float) -> Iterator[PdfBlock]:
    """Yield the block that consecutive lines form; nothing if there are no lines."""
    if not run:
        return
    text = run[0].text
    for line in run[1:]:
        text = _join_lines(text, line.text)
    first = run[0]
    if _is_heading(first, body):
        yield PdfBlock(first.page, "heading", f"{'#' * levels.get(first.size, len(levels) + 1)} {text}")
    elif mark := _MARK.match(text):
        sign = mark["number"].replace(")", ".") if mark["number"] else "-"
        yield PdfBlock(first.page, "item", f"{sign} {text[mark.end() :]}")
    else:
        yield PdfBlock(first.page, "paragraph", text)


def _rejoin(blocks: Iterator[PdfBlock]) -> Iterator[PdfBlock]:
    """Join paragraphs that a page break splits, and tables whose header is repeated on the next page."""
    last: PdfBlock | None = None
    for block in blocks:
        if last and last.page != block.page and last.kind == block.kind:
            if block.kind in ("paragraph", "item") and not _TERMINAL.search(last.text) and block.text[:1].islower():
                last = PdfBlock(last.page, last.kind, _join_lines(last.text, block.text))
                continue
            head = last.text.split("\n")[:2]
            if block.kind == "table" and block.text.split("\n")[:2] == head:
                last = PdfBlock(last.page, "table", "\n".join([last.text, *block.text.split("\n")[2:]]))
                continue
        if last:
            yield last
        last = block
    if last:
        yield last


def _join_pages(blocks: Sequence[PdfBlock], page_count: int) -> tuple[str, tuple[int, ...]]:
    """Return the whole text and the offset of each page; a page without blocks has the offset of the next page."""
    text = ""
    starts: dict[int, int] = {}
    kind = ""
    for block in blocks:
        if text:
            text += "\n" if kind == block.kind == "item" else "\n\n"
        starts.setdefault(block.page, len(text))
        text += block.text
        kind = block.kind
    offsets = []
    following = len(text)
    for page in range(page_count, 0, -1):
        following = starts.get(page, following)
        offsets.append(following)
    return text, tuple(reversed(offsets))


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
