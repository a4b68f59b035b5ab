"""PDF to Markdown: lines to paragraphs, headings by the size of their letters, tables by their rulings.

Characters, lines and tables come from pdfplumber; what is decided here is which lines are a heading, a list item, the
same paragraph, or a running header. Text in several columns is read across them.
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
from opora.corpus.parsers.markdown import markdown_table, one_line, title_of

HEADING_RATIO = 1.12
"""A line this much larger than the body is a heading."""
PARAGRAPH_GAP = 1.5
"""A line this many usual line distances below the last one begins a paragraph."""
MARGIN_SHARE = 0.1
"""Running headers and footers stand within this share of the page's height."""
MAX_BOLD_HEADING = 100

_MARK = re.compile(r"^(?:(?P<bullet>[•▪◦‣●∙·–—-])|(?P<number>\d{1,3}[.)]))\s+(?=\S)")
_TERMINAL = re.compile(r"[.!?:;…»\")]$")


class Line(NamedTuple):
    """A line of text; distances in points from the top left of its page."""

    page: int
    text: str
    top: float
    bottom: float
    left: float
    size: float
    bold: bool
    height: float
    """Of the page."""


class Block(NamedTuple):
    page: int
    kind: str
    text: str


def parse_pdf(data: bytes) -> Parsed:
    """Raises ParseError if the bytes are no PDF, are encrypted, or hold no text at all."""
    try:
        with pdfplumber.open(io.BytesIO(data)) as pdf:
            pages = [list(_page(page)) for page in pdf.pages]
            title = one_line(str((pdf.metadata or {}).get("Title") or ""))
    except MemoryError:
        raise
    except Exception as error:  # pdfminer raises whatever it stumbles on, pdfplumber wraps some of it
        if isinstance(error, PDFPasswordIncorrect) or any(
            isinstance(each, PDFPasswordIncorrect) for each in error.args
        ):
            raise ParseError("encrypted", "needs a password") from None
        raise ParseError("corrupt", f"{type(error).__name__}: {error}"[:200]) from None
    if not any(pages):
        raise ParseError("no text", f"{len(pages)} pages without a text layer; a scan needs OCR first")
    running = _running(pages)
    pages = [[each for each in page if not (isinstance(each, Line) and _is_running(each, running))] for page in pages]
    blocks = list(_joined(_blocks([each for page in pages for each in page])))
    text, starts = _text(blocks, len(pages))
    suspect = tuple(number for number, page in enumerate(pages, 1) if not page)
    return Parsed(format="pdf", title=title or title_of(text), text=text, pages=starts, suspect_pages=suspect)


def _page(page: Any) -> Iterator[Line | Block]:
    """Lines and tables of a page, from top to bottom."""
    tables = [table for table in page.find_tables() if len(table.rows) > 1 and len(table.rows[0].cells) > 1]
    boxes = [table.bbox for table in tables]

    def outside(item: dict[str, Any]) -> bool:
        x, y = (item["x0"] + item["x1"]) / 2, (item["top"] + item["bottom"]) / 2
        return not any(x0 <= x <= x1 and y0 <= y <= y1 for x0, y0, x1, y1 in boxes)

    found: list[tuple[float, Line | Block]] = []
    for line in page.filter(outside).extract_text_lines(return_chars=True):
        sizes = Counter(round(char["size"], 1) for char in line["chars"])
        bold = all("bold" in char["fontname"].lower() for char in line["chars"] if char["text"].strip())
        size = sizes.most_common(1)[0][0]
        text = one_line(line["text"])
        if text:
            where = line["top"], line["bottom"], line["x0"]
            found.append((line["top"], Line(page.page_number, text, *where, size, bold, float(page.height))))
    for table, box in zip(tables, boxes, strict=True):
        rows = [[(cell or "").replace("\n", " ") for cell in row] for row in table.extract()]
        found.append((box[1], Block(page.page_number, "table", markdown_table(rows))))
    return (each for _, each in sorted(found, key=lambda pair: pair[0]))


def _running(pages: Sequence[Sequence[Line | Block]]) -> frozenset[str]:
    """What stands in the margins of at least half of the pages, numbers aside."""
    counts: Counter[str] = Counter()
    for page in pages:
        counts.update({_shape(each.text) for each in page if isinstance(each, Line) and _in_margin(each)})
    return frozenset(shape for shape, count in counts.items() if count > 1 and 2 * count >= len(pages))


def _is_running(line: Line, running: frozenset[str]) -> bool:
    return _in_margin(line) and (_shape(line.text) in running or line.text.isdigit())


def _in_margin(line: Line) -> bool:
    return line.bottom < MARGIN_SHARE * line.height or line.top > (1 - MARGIN_SHARE) * line.height


def _shape(text: str) -> str:
    return re.sub(r"\d+", "#", text.casefold())


def _blocks(items: Sequence[Line | Block]) -> Iterator[Block]:
    """Paragraphs, headings, list items and tables."""
    lines = [each for each in items if isinstance(each, Line)]
    body = _body_size(lines)
    levels = _levels(lines, body)
    gap = _line_gap(lines)
    run: list[Line] = []
    for each in items:
        if isinstance(each, Block):
            yield from _run(run, levels, body)
            run = []
            yield each
            continue
        if run and _begins(each, run[-1], gap, body):
            yield from _run(run, levels, body)
            run = []
        run.append(each)
    yield from _run(run, levels, body)


def _begins(line: Line, last: Line, gap: float, body: float) -> bool:
    """True if `line` does not go on with what `last` said."""
    if line.page != last.page or _MARK.match(line.text):
        return True
    if _is_heading(line, body) != _is_heading(last, body) or abs(line.size - last.size) > 0.5:
        return True
    return line.top - last.top > PARAGRAPH_GAP * gap * max(1.0, last.size / body)


def _run(run: Sequence[Line], levels: dict[float, int], body: float) -> Iterator[Block]:
    """The block that lines without a break between them make."""
    if not run:
        return
    text = run[0].text
    for line in run[1:]:
        text = _join(text, line.text)
    first = run[0]
    if _is_heading(first, body):
        yield Block(first.page, "heading", f"{'#' * levels.get(first.size, len(levels) + 1)} {text}")
    elif mark := _MARK.match(text):
        sign = mark["number"].replace(")", ".") if mark["number"] else "-"
        yield Block(first.page, "item", f"{sign} {text[mark.end() :]}")
    else:
        yield Block(first.page, "paragraph", text)


def _joined(blocks: Iterator[Block]) -> Iterator[Block]:
    """Paragraphs that a page break cut are one again; so are tables whose header the next page repeats."""
    last: Block | None = None
    for block in blocks:
        if last and last.page != block.page and last.kind == block.kind:
            if block.kind in ("paragraph", "item") and not _TERMINAL.search(last.text) and block.text[:1].islower():
                last = Block(last.page, last.kind, _join(last.text, block.text))
                continue
            head = last.text.split("\n")[:2]
            if block.kind == "table" and block.text.split("\n")[:2] == head:
                last = Block(last.page, "table", "\n".join([last.text, *block.text.split("\n")[2:]]))
                continue
        if last:
            yield last
        last = block
    if last:
        yield last


def _text(blocks: Sequence[Block], page_count: int) -> tuple[str, tuple[int, ...]]:
    """The whole text, and where in it each page begins; a page without blocks begins where the next one does."""
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


def _join(text: str, line: str) -> str:
    """`text` and the line below it; a word that was divided between them is whole again."""
    if re.search(r"[^\W\d_]-$", text) and line[:1].islower():
        return text[:-1] + line
    return f"{text} {line}"


def _body_size(lines: Sequence[Line]) -> float:
    sizes: Counter[float] = Counter()
    for line in lines:
        sizes[line.size] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 1.0


def _line_gap(lines: Sequence[Line]) -> float:
    """The usual distance from line to line."""
    gaps = Counter(
        round(below.top - above.top)
        for above, below in itertools.pairwise(lines)
        if above.page == below.page and above.size == below.size and below.top > above.top
    )
    return float(gaps.most_common(1)[0][0]) if gaps else 12.0


def _levels(lines: Sequence[Line], body: float) -> dict[float, int]:
    """Size of a heading -> its level, the largest being 1."""
    sizes = sorted({line.size for line in lines if line.size >= HEADING_RATIO * body}, reverse=True)
    return {size: min(level, 6) for level, size in enumerate(sizes, 1)}


def _is_heading(line: Line, body: float) -> bool:
    if line.size >= HEADING_RATIO * body:
        return True
    return line.bold and line.size >= body and len(line.text) <= MAX_BOLD_HEADING and not _TERMINAL.search(line.text)
