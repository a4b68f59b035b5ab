"""Blocks of a document from its pages: everything that needs to see more than one page.

layout = DocumentLayout()
for page in pages:
    layout.add_page(page, find_tables(page))
layout.blocks(outline)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from opora.corpus.blocks import Block, LineBox, one_line
from opora.corpus.parsers.base import Suspicion
from opora.corpus.parsers.pdf.layout.contents import contents_outline, find_contents
from opora.corpus.parsers.pdf.layout.drafts import BlockDraft, continues, draft_region
from opora.corpus.parsers.pdf.layout.edges.rows import PageLines
from opora.corpus.parsers.pdf.layout.edges.running import find_running
from opora.corpus.parsers.pdf.layout.headings import find_headings, title_key
from opora.corpus.parsers.pdf.layout.hyphens import HYPHENS, HyphenJoiner
from opora.corpus.parsers.pdf.layout.lines import SUPERSCRIPTS, Line, read_lines
from opora.corpus.parsers.pdf.layout.marks import OutlineEntry
from opora.corpus.parsers.pdf.layout.metrics import Metrics, measure
from opora.corpus.parsers.pdf.page import PdfPage
from opora.corpus.parsers.pdf.tables.joining import join_tables
from opora.corpus.parsers.pdf.tables.table import PdfTable, table_block

MAX_RULE = 0.6
"""Length of the ruling over footnotes, as a share of the width of the page, at most."""
MAX_BETWEEN = 8
"""Number of notes and tables between the two parts of a paragraph, at most."""
TITLE_SIZE = 1.1
"""Size of the letters of a title, in sizes of the body, at least."""
MAX_TITLE_CHARS = 250

Item = Line | PdfTable
Part = BlockDraft | PdfTable


class _Page(NamedTuple):
    number: int
    height: float
    items: list[Item]
    rules: list[tuple[float, float, float]]
    plain_text: str

    def without_tables(self) -> PageLines:
        """Return the lines of the page, and the places of its tables."""
        tables = [(item.y0, item.y1) for item in self.items if isinstance(item, PdfTable)]
        return PageLines(self.number, self.height, [item for item in self.items if isinstance(item, Line)], tables)


class DocumentLayout:
    """Collects the lines and tables of the pages of a document, then makes blocks of them."""

    def __init__(self) -> None:
        self.source_text = ""
        """Plain text of the pages without running lines and tables of contents; filled by `blocks`."""
        self.titles: list[str] = []
        """Largest text of the first page, then its first headings; filled by `blocks`."""
        self.suspicions: list[Suspicion] = []
        """Pages whose columns cannot be told from gaps between words, with the share of rows that speak for columns."""
        self._pages: list[_Page] = []
        self._region = 0

    def add_page(self, page: PdfPage, tables: Sequence[PdfTable]) -> None:
        """Read the lines of a page; it can be released then."""
        doubts: list[float] = []
        items = read_lines(page, tables, self._region, doubts)
        if doubts:
            worst = min(doubts, key=lambda share: abs(share - 0.5))
            self.suspicions.append(Suspicion(reason="unclear columns", page=page.number, value=round(worst, 2)))
        self._region = 1 + max((item.region for item in items if isinstance(item, Line)), default=self._region)
        rules = [(r.x0, r.x1, r.y0) for r in page.rulings if r.y0 == r.y1 and r.x1 - r.x0 < MAX_RULE * page.width]
        self._pages.append(_Page(page.number, page.height, items, rules, page.plain_text))

    def blocks(self, outline: Sequence[OutlineEntry] = ()) -> list[Block]:
        """Return the blocks of the document."""
        lines = [item for page in self._pages for item in page.items if isinstance(item, Line)]
        dropped, apart = find_running([page.without_tables() for page in self._pages])
        in_contents, entries = find_contents([line for line in lines if id(line) not in dropped], len(self._pages))
        dropped |= in_contents
        metrics = measure([line for line in lines if id(line) not in dropped and id(line) not in apart])
        self.source_text = "\n".join(_source_text(page, dropped) for page in self._pages)
        parts = _rejoin(join_tables(self._parts(dropped, apart, metrics), _text), metrics)
        drafts = [part for part in parts if isinstance(part, BlockDraft)]
        levels = find_headings(drafts, metrics, outline or contents_outline(entries))
        writer = _Writer(HyphenJoiner([line.text for line in lines if id(line) not in dropped]))
        self.titles = _titles(drafts, levels, metrics, writer)
        return [
            table_block(part) if isinstance(part, PdfTable) else writer.block(part, levels.get(id(part), 0))
            for part in parts
        ]

    def _parts(self, dropped: set[int], apart: set[int], metrics: Metrics) -> Iterator[Part]:
        """Yield the drafts and tables of the pages in reading order."""
        for page in self._pages:
            notes: list[BlockDraft] = []
            kept: list[Item] = []
            for item in page.items:
                if id(item) in apart and isinstance(item, Line):
                    if notes and notes[-1].lines[-1].region == item.region:
                        notes[-1].lines.append(item)
                    else:
                        notes.append(BlockDraft("note", [item]))
                elif id(item) not in dropped:
                    kept.append(item)
            for region, group in groupby(kept, key=lambda item: item.region if isinstance(item, Line) else -1):
                if region == -1:
                    yield from (item for item in group if isinstance(item, PdfTable))
                    continue
                lines = [item for item in group if isinstance(item, Line)]
                yield from draft_region(lines, metrics, page.rules)
            yield from notes


def _source_text(page: _Page, dropped: set[int]) -> str:
    gone = {title_key(item.text) for item in page.items if id(item) in dropped and isinstance(item, Line)}
    lines = page.plain_text.replace("\ufffe", "").splitlines()
    return "\n".join(line for line in lines if title_key(line) not in gone) if gone else "\n".join(lines)


def _rejoin(parts: Iterable[Part], metrics: Metrics) -> list[Part]:
    """Join the parts of paragraphs that columns and pages divide; notes and tables between them come after."""
    joined: list[Part] = []
    last: dict[str, int] = {}  # kind of a draft -> index of its last one
    for part in parts:
        if isinstance(part, BlockDraft) and part.kind != "caption":
            before = joined[last[part.kind]] if part.kind in last else None
            if isinstance(before, BlockDraft) and _may_join(before, part, len(joined) - last[part.kind], metrics):
                before.lines += part.lines
                before.is_open = part.is_open
                _move_behind(joined, last, part)
                continue
            last[part.kind] = len(joined)
        joined.append(part)
    return joined


def _move_behind(parts: list[Part], last: dict[str, int], rest: BlockDraft) -> None:
    """Move the draft that goes on with `rest` behind the notes and tables of its first page: pages stay in order."""
    start = last[rest.kind]
    end = start + 1
    while end < len(parts) and _page(parts[end]) < rest.lines[0].page:
        end += 1
    parts.insert(end - 1, parts.pop(start))
    for kind, index in last.items():
        last[kind] = end - 1 if index == start else index - 1 if start < index < end else index


def _text(part: Part) -> str:
    return part.text if isinstance(part, BlockDraft) else ""


def _page(part: Part) -> int:
    return part.page if isinstance(part, PdfTable) else part.lines[0].page


def _may_join(before: BlockDraft, part: BlockDraft, distance: int, metrics: Metrics) -> bool:
    region = part.lines[0].region
    if distance > MAX_BETWEEN or (distance == 1 and before.lines[-1].region == region):
        return False
    measures = metrics.regions.get(region)  # regions of lines that were set apart have none
    return measures is not None and not before.lines[0].apart and continues(before, part, measures)


class _Writer:
    """Writes drafts as blocks, with the place of each line."""

    def __init__(self, joiner: HyphenJoiner) -> None:
        self._joiner = joiner

    def block(self, draft: BlockDraft, level: int) -> Block:
        """Return the block of a draft; a level above 0 makes it a heading."""
        text, lines = self.write(draft)
        page = draft.lines[0].page
        if level:
            return Block("heading", text, level=level, page=page, lines=lines)
        if draft.kind != "text":
            return Block("note", text, mark=draft.note_mark, page=page, lines=lines)
        if draft.mark is None:
            return Block("paragraph", text, page=page, lines=lines)
        start = draft.mark.start
        moved = (line._replace(start=max(0, line.start - start), end=line.end - start) for line in lines)
        kept = tuple(line for line in moved if line.end > 0)
        return Block("item", text[start:], mark=draft.mark.mark, page=page, lines=kept)

    def write(self, draft: BlockDraft) -> tuple[str, tuple[LineBox, ...]]:
        """Return the text of a draft and the place of each of its lines."""
        text = ""
        places: list[LineBox] = []
        for line in draft.lines:
            piece = one_line(line.text)
            if line.text[-1:] in HYPHENS and piece[-1:] not in HYPHENS:
                piece += line.text[-1]  # a soft hyphen divides the word
            if line.mark and draft.kind != "note":
                piece = f"{line.mark.translate(SUPERSCRIPTS)} {piece}"
            if not piece:
                continue
            text = self._joiner.join(text, piece) if text else piece
            start = len(text) - len(piece)
            if places:
                end = start - 1 if text[start - 1] == " " else start
                places[-1] = places[-1]._replace(end=min(places[-1].end, end))
            places.append(LineBox(start, len(text), line.page, *line.box))
        if text.endswith(("\u00ad", "\ufffe")):
            text = text[:-1]
            places[-1] = places[-1]._replace(end=len(text))
        return text, tuple(places)


def _titles(drafts: Sequence[BlockDraft], levels: dict[int, int], metrics: Metrics, writer: _Writer) -> list[str]:
    """Return the largest text of the first page, then its first headings."""
    first = drafts[0].lines[0].page if drafts else 0
    texts = [draft for draft in drafts if draft.kind == "text" and draft.lines[0].page == first]
    texts = [draft for draft in texts if len(draft.text) <= MAX_TITLE_CHARS and any(map(str.isalpha, draft.text))]
    titles: list[str] = []
    largest = max(texts, key=lambda draft: draft.lines[0].size, default=None)
    if largest is not None and largest.lines[0].size >= TITLE_SIZE * metrics.body:
        titles.append(writer.write(largest)[0])
    titles += [writer.write(draft)[0] for draft in texts if id(draft) in levels][:2]
    return list(dict.fromkeys(titles))
