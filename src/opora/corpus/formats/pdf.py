"""PDF: text in reading order with headings, lists and ruled tables.

In: the bytes of the file. Out: Markdown with a page mark before each page, and the pages that have no text.

    parse_pdf(data).text        # '\\f# Rules\\n\\nShort.\\n\\n\\f| Unit | Mass |\\n| --- | --- |\\n...'

pdfium gives the text in the order of the page's content stream; what it means is told from geometry (`pdf_layout`).
A table without ruled lines comes out as lines of text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from pypdfium2 import PdfDocument, PdfiumError

from opora.corpus.formats.parsed import PAGE, Parsed, Reason, RefusedError, heading, paragraph, table
from opora.corpus.formats.pdf_layout import (
    BULLET,
    Block,
    TableRun,
    drop_running_lines,
    group_items,
    heading_levels,
    is_heading,
    style_of,
)
from opora.corpus.formats.pdf_page import Line, Page, read_page


def parse_pdf(data: bytes) -> Parsed:
    """Raises RefusedError: corrupt, encrypted, or no text on any page."""
    try:
        document = PdfDocument(data)
    except PdfiumError as error:
        reason: Reason = "encrypted" if "password" in str(error).lower() else "corrupt"
        raise RefusedError(reason, str(error)) from None
    try:
        pages, damaged = _read_pages(document)
        title = str(document.get_metadata_value("Title") or "")
    finally:
        document.close()
    suspect = tuple(page.number for page in pages if not page.items)
    if len(suspect) == len(pages):
        shown = f"{len(pages)} pages, none with a text layer"
        raise RefusedError("corrupt" if damaged or not pages else "no text", shown)
    return Parsed(_Writer(drop_running_lines(pages)).write(), title, suspect)


def _read_pages(document: PdfDocument) -> tuple[list[Page], int]:
    """All pages, and how many are too damaged to load; those are empty."""
    pages, damaged = [], 0
    for index in range(len(document)):
        try:
            page = document[index]
            pages.append(read_page(page, index + 1))
            page.close()
        except PdfiumError:
            pages.append(Page(index + 1, 0.0, []))
            damaged += 1
    return pages, damaged


class _Writer:
    """Writes groups as Markdown and marks where pages begin."""

    def __init__(self, pages: Sequence[Page]) -> None:
        self.pages = pages
        self.compounds = compounds_of(
            item.text for page in pages for item in page.items if isinstance(item, Line)
        )
        self.page = 0

    def write(self) -> str:
        style = style_of(self.pages)
        groups = list(group_items(self.pages, style))
        headings = [each for each in groups if isinstance(each, Block) and is_heading(each, style)]
        levels = heading_levels(headings)
        blocks = []
        for group in groups:
            if isinstance(group, TableRun):
                blocks.append(self.table(group))
            else:
                level = levels[group.lines[0].size] if group in headings else 0
                blocks.append(self.block(group, level))
        return _join(blocks) + self.marks(max((page.number for page in self.pages), default=0))

    def block(self, block: Block, level: int) -> str:
        marks = self.marks(block.lines[0].page)
        text = join_lines([self.marks(line.page) + line.text for line in block.lines], self.compounds)
        if level:
            return marks + heading(level, text)
        if block.is_item:
            return marks + BULLET.sub("- ", text, count=1)
        return marks + paragraph(text)

    def table(self, run: TableRun) -> str:
        rows: list[list[str]] = []
        for part in run.tables:
            cells = [[join_lines(cell, self.compounds) for cell in row] for row in part.rows]
            if rows and cells[0] == header:
                del cells[0]
            elif not rows:
                header = cells[0]
            if cells:
                cells[0][0] = self.marks(part.page) + cells[0][0]
            rows += [row for row in cells if any(row)]
        return table(rows)

    def marks(self, page: int) -> str:
        """One mark for each page that begins before what comes next on `page`."""
        count, self.page = page - self.page, page
        return PAGE * count


def compounds_of(texts: Iterable[str]) -> frozenset[str]:
    """Words with a hyphen inside, in lower case: where a line breaks at such a hyphen, it stays."""
    return frozenset(word.lower() for text in texts for word in re.findall(r"[^\W\d_]+-[^\W\d_]+", text))


def join_lines(lines: Sequence[str], compounds: frozenset[str]) -> str:
    """Lines as running text; a word that was divided at a line's end is whole again.

    join_lines(["пере-", "нос научно-", "технический"], frozenset({"научно-технический"}))
    # 'перенос научно-технический'
    """
    text = lines[0] if lines else ""
    for line in lines[1:]:
        bare = line.lstrip(PAGE)
        before, after = re.search(r"([^\W\d_]+)-$", text), re.match(r"[^\W\d_]+", bare)
        if before and after and before[1][-1].islower() and after[0][0].islower():
            is_compound = f"{before[1]}-{after[0]}".lower() in compounds
            text = (text if is_compound else text[:-1]) + line
        elif re.search(r"\w-$", text) and bare[:1].isalnum():
            text += line
        else:
            text += " " + line
    return text


def _join(blocks: Sequence[str]) -> str:
    return "".join(_separated(blocks))


def _separated(blocks: Iterable[str]) -> Iterator[str]:
    """Blocks with an empty line between, list items without."""
    item = re.compile(rf"{PAGE}*(?:- |[\w.]{{1,12}}[.)] )\S")
    previous = ""
    for block in blocks:
        if previous:
            yield "\n" if item.match(previous) and item.match(block) else "\n\n"
        yield block
        previous = block
