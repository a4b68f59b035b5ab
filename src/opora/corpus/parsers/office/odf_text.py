"""Text of OpenDocument files as blocks: paragraphs, lists, tables, notes, frames; shared by texts and presentations."""

from __future__ import annotations

from collections.abc import Iterator

from opora.corpus.blocks import Block, clean_lines, one_line
from opora.corpus.parsers.elements.tables import GridCell, cell_text, table_blocks
from opora.corpus.parsers.office.odf_styles import STYLE, TEXT, Numbering, hidden_styles, to_int
from opora.corpus.parsers.storage.xml import Element, local_name

TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
XML_ID = "{http://www.w3.org/XML/1998/namespace}id"
SKIPPED = frozenset(
    "tracked-changes table-of-content alphabetical-index illustration-index table-index object-index user-index"
    " bibliography forms scripts sequence-decls variable-decls user-field-decls event-listeners script ruby-text"
    " hidden-paragraph note-citation binary-data notes shadow title desc".split()
)
"""Elements whose text is not part of the document."""
MAX_CELLS = 200_000
"""Maximum number of cells of a table; later ones are left out."""
MAX_REPEATS = 1000
"""Maximum number of times that a cell or row with text is repeated."""
MAX_SPACES = 100
_OUTLINE = "outline"


class OdfReader:
    """Reads the content of an OpenDocument file."""

    def __init__(self, roots: list[Element], with_comments: bool) -> None:
        self._with_comments = with_comments
        self._numbering = Numbering()
        self._hidden: set[str] = set()
        self._parents: dict[str, str] = {}
        self._floating: list[Block] = []
        """Notes, comments and text boxes of the paragraph that is read; they follow it."""
        self._lists: dict[str, str] = {}
        """Id of a list -> key of its counters."""
        self._note_count = 0
        self.is_cut = False
        """A table was longer than the limit."""
        for root in roots:
            self._read_styles(root)

    def blocks(self, parent: Element) -> Iterator[Block]:
        """Yield the blocks inside an element."""
        for child in parent:
            name = local_name(child)
            if name in SKIPPED or child.get(f"{TEXT}display") == "none":
                continue
            if name == "h":
                yield from self._heading(child)
            elif name == "p":
                yield from self._paragraph(child)
            elif name == "list":
                yield from self._list(child, "", child.get(f"{TEXT}style-name", ""), 0)
            elif name == "table":
                yield from self._table(child)
            elif name == "annotation":
                self._add_comment(child)
            else:
                yield from self.blocks(child)
        yield from self._flush()

    def _read_styles(self, root: Element) -> None:
        for element in root.iter(f"{TEXT}list-style"):
            self._numbering.add_style(element.get(f"{STYLE}name", ""), element)
        for element in root.iter(f"{TEXT}outline-style"):
            self._numbering.add_style(_OUTLINE, element)
        for element in root.iter(f"{STYLE}style"):
            self._parents[element.get(f"{STYLE}name", "")] = element.get(f"{STYLE}parent-style-name", "")
        self._hidden |= hidden_styles(root)

    def _is_title(self, element: Element) -> bool:
        style = element.get(f"{TEXT}style-name", "")
        for _ in range(5):
            if style == "Title":
                return True
            style = self._parents.get(style, "")
        return False

    def _heading(self, element: Element, mark: str | None = None) -> Iterator[Block]:
        level = max(1, to_int(element.get(f"{TEXT}outline-level"), 1))
        if mark is None:
            is_counted = element.get(f"{TEXT}is-list-header") != "true"
            mark = self._numbering.next_mark(_OUTLINE, _OUTLINE, level - 1) if is_counted else ""
        if text := one_line(self._inline(element)):
            yield Block("heading", f"{mark} {text}".lstrip("- "), level=level)
        yield from self._flush()

    def _paragraph(self, element: Element, mark: str = "", depth: int = 0) -> Iterator[Block]:
        if text := clean_lines(self._inline(element)):
            if mark:
                yield Block("item", text, level=depth, mark=mark)
            elif self._is_title(element):
                yield Block("heading", one_line(text), level=1)
            else:
                yield Block("paragraph", text)
        yield from self._flush()

    def _list(self, element: Element, key: str, style: str, depth: int) -> Iterator[Block]:
        """Yield the items of a list. `key` names the counters; empty for a list that is not inside another."""
        style = element.get(f"{TEXT}style-name", style)
        if not key:
            continued = element.get(f"{TEXT}continue-list")
            key = self._lists.get(continued, style) if continued else style
            if not continued and element.get(f"{TEXT}continue-numbering") != "true":
                self._numbering.restart(key)
            self._lists[element.get(XML_ID, "")] = key
        for item in element:
            name = local_name(item)
            if name not in ("list-item", "list-header"):
                continue
            start = item.get(f"{TEXT}start-value")
            mark: str | None = None
            for child in item:
                kind = local_name(child)
                if kind == "list":
                    yield from self._list(child, key, style, depth + 1)
                elif kind in ("p", "h"):
                    if mark is None and name == "list-item":
                        number = to_int(start, 1) if start else None
                        mark = self._numbering.next_mark(key, style, depth, number)
                    if kind == "h":
                        yield from self._heading(child, mark or "")
                    else:
                        yield from self._paragraph(child, mark or "", depth)
                    mark = ""
                elif kind == "table":
                    yield from self._table(child)

    def _table(self, table: Element) -> Iterator[Block]:
        """Yield a table, then what its cells hold besides text."""
        rows: list[list[GridCell]] = []
        size = 0
        for row in table_rows(table):
            cells = self._cells(row)
            repeats = min(to_int(row.get(f"{TABLE}number-rows-repeated"), 1), MAX_REPEATS) if cells else 1
            size += max(1, len(cells)) * repeats
            if size > MAX_CELLS:
                self.is_cut = True
                break
            rows += [cells] * repeats
        yield from table_blocks(rows)
        yield from self._flush()

    def _cells(self, row: Element) -> list[GridCell]:
        """Return the cells of a row, without those that a merged one covers, up to the last with text."""
        cells: list[GridCell] = []
        for cell in row:
            if local_name(cell) != "table-cell" or len(cells) >= MAX_REPEATS:
                continue
            repeats, columns, rows = (
                min(to_int(cell.get(f"{TABLE}number-{name}"), 1), MAX_REPEATS)
                for name in ("columns-repeated", "columns-spanned", "rows-spanned")
            )
            text = self._cell_text(cell)
            cells += [GridCell(text, max(1, columns), max(1, rows))] * min(repeats, MAX_REPEATS - len(cells))
        while cells and not cells[-1].text:
            cells.pop()
        return cells

    def _cell_text(self, cell: Element) -> str:
        """Return the text of a cell; notes are kept until the table ends."""
        blocks = list(self.blocks(cell)) if len(cell) else []
        self._floating += [block for block in blocks if block.kind == "note"]
        return one_line(cell_text(blocks))

    def _inline(self, element: Element) -> str:
        """Return the text of a paragraph."""
        parts = [element.text or ""]
        for child in element:
            parts += [self._inline_child(child, local_name(child)), child.tail or ""]
        return "".join(parts)

    def _inline_child(self, child: Element, name: str) -> str:
        if name == "s":
            return " " * max(1, min(to_int(child.get(f"{TEXT}c"), 1), MAX_SPACES))
        if name in ("tab", "line-break"):
            return "\t" if name == "tab" else "\n"
        if name == "note":
            return self._add_note(child)
        if name == "annotation":
            self._add_comment(child)
        elif name in ("frame", "custom-shape", "g", "rect", "text-box", "ellipse", "object"):
            self._floating += self._apart(child)
        elif name and name not in SKIPPED and child.get(f"{TEXT}style-name") not in self._hidden:
            return self._inline(child)
        return ""

    def _add_note(self, element: Element) -> str:
        """Keep a note until its paragraph ends; return its mark."""
        citation, body = element.find(f"{TEXT}note-citation"), element.find(f"{TEXT}note-body")
        self._note_count += 1
        mark = f"[{one_line(''.join(citation.itertext()) if citation is not None else '') or self._note_count}]"
        if body is not None:
            text = " ".join(block.text for block in self._apart(body))
            self._floating.append(Block("note", text, mark=mark))
        return mark

    def _add_comment(self, element: Element) -> None:
        if self._with_comments:
            text = one_line(" ".join("".join(child.itertext()) for child in element.iter(f"{TEXT}p")))
            self._floating.append(Block("note", text))

    def _apart(self, element: Element) -> list[Block]:
        """Return the blocks of a box or note, apart from those of the paragraph around it."""
        outer, self._floating = self._floating, []
        blocks = list(self.blocks(element))
        self._floating = outer
        return blocks

    def _flush(self) -> Iterator[Block]:
        floating, self._floating = self._floating, []
        yield from floating


def table_rows(table: Element) -> Iterator[Element]:
    """Yield the rows of a table, not those of tables inside its cells."""
    for child in table:
        name = local_name(child)
        if name == "table-row":
            yield child
        elif name in ("table-header-rows", "table-rows", "table-row-group"):
            yield from table_rows(child)
