"""Parser of PPTX: a heading for each slide, lists with their depth, tables, charts, diagrams and speaker notes.

The number of a slide is the page of its blocks.
"""

from __future__ import annotations

import io
import posixpath
from collections.abc import Iterable, Iterator
from typing import Any

from opora.corpus.blocks import Block, one_line
from opora.corpus.parsers.base import ParseContext, ParseError, Part, Reading
from opora.corpus.parsers.docx.drawings import chart_blocks, diagram_lines
from opora.corpus.parsers.elements.numbers import format_number
from opora.corpus.parsers.elements.tables import GridCell, table_blocks
from opora.corpus.parsers.storage.ole import OLE2, unpack_ole
from opora.corpus.parsers.storage.xml import Element, local_name, parse_xml
from opora.records import Scalar

_OFFICE = "http://schemas.openxmlformats.org/"
A, R = f"{{{_OFFICE}drawingml/2006/main}}", f"{{{_OFFICE}officeDocument/2006/relationships}}"
DGM = f"{{{_OFFICE}drawingml/2006/diagram}}"
P = f"{{{_OFFICE}presentationml/2006/main}}"
MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
MAX_SLIDES = 5000
_MARGINAL = frozenset(("ftr", "sldNum", "dt", "hdr"))
"""Types of placeholders that repeat on every slide."""
_TITLES = frozenset(("title", "ctrTitle"))
_BULLETED = frozenset(("body", "obj", ""))
"""Types of placeholders whose paragraphs are items unless a style says otherwise."""
_ROW_OF_SHAPES = 40
"""Shapes whose tops differ by less than this share of the height of a slide are read from left to right."""
_NUMBER_FORMATS = {
    "arabic": "", "alphaLc": "lowerLetter", "alphaUc": "upperLetter", "romanLc": "lowerRoman", "romanUc": "upperRoman",
}  # fmt: skip
_SUFFIXES = {"Period": ("", "."), "ParenR": ("", ")"), "ParenBoth": ("(", ")"), "Plain": ("", "")}


def parse(data: bytes, context: ParseContext) -> Reading:
    """Parse a PPTX. Raises ParseError if it is broken."""
    from pptx import Presentation

    try:
        presentation = Presentation(io.BytesIO(data))
        slides = list(presentation.slides)[:MAX_SLIDES]
        texts: list[str] = []
        blocks: list[Block] = []
        parts: list[Part] = []
        for number, slide in enumerate(slides, 1):
            reader = _SlideReader(slide, presentation.slide_height or 1)
            blocks += [block._replace(page=number) for block in reader.blocks()]
            texts += reader.texts
            parts += [context.parse_part(content, name) for name, content in reader.embedded]
        properties = presentation.core_properties
        metadata: dict[str, Scalar] = {"author": properties.author} if properties.author else {}
        if properties.created:
            metadata["created"] = properties.created.date().isoformat()
        title = properties.title or ""
    except (ParseError, MemoryError, RecursionError):
        raise
    except Exception as error:  # python-pptx and lxml raise many kinds of exceptions
        raise ParseError("corrupt", f"{type(error).__name__}: {error}"[:200]) from None
    return Reading(blocks, [title], " ".join(texts), len(slides), metadata, parts=parts)


class _SlideReader:
    """Reads a slide of python-pptx."""

    def __init__(self, slide: Any, height: int) -> None:
        self._slide, self._height = slide, height
        self.texts: list[str] = []
        """All text of the slide, by a second reading."""
        self.embedded: list[tuple[str, bytes]] = []
        """Name and bytes of each document inside the slide."""
        _choose_alternatives(slide.element)

    def blocks(self) -> Iterator[Block]:
        """Yield the blocks of the slide: its title, the rest, its notes."""
        shapes = list(self._slide.shapes)
        titles = [shape for shape in shapes if _placeholder(shape) in _TITLES]
        for shape in titles[:1]:
            if shape.has_text_frame and (text := one_line(_text(shape.text_frame))):
                yield Block("heading", text, level=1)
        yield from self._shapes(shape for shape in shapes if shape not in titles[:1])
        self.texts += [node.text or "" for node in self._slide.element.iter(f"{A}t")]
        if self._slide.has_notes_slide:
            frame = self._slide.notes_slide.notes_text_frame
            for paragraph in frame.paragraphs if frame is not None else []:
                if text := _clean(paragraph.text):
                    self.texts.append(text)
                    yield Block("note", text)

    def _shapes(self, shapes: Iterable[Any]) -> Iterator[Block]:
        """Yield the blocks of shapes in reading order; those of a group stay together."""
        band = max(1, self._height // _ROW_OF_SHAPES)
        for shape in sorted(shapes, key=lambda shape: ((shape.top or 0) // band, shape.left or 0)):
            if _placeholder(shape) in _MARGINAL:
                shape.element.getparent().remove(shape.element)  # nor are they part of the second reading
            elif local_name(shape.element) == "grpSp":
                yield from self._shapes(shape.shapes)
            elif shape.has_text_frame:
                yield from _paragraphs(shape)
            elif local_name(shape.element) == "graphicFrame":
                yield from self._frame(shape)

    def _frame(self, frame: Any) -> Iterator[Block]:
        if frame.has_table:
            yield from table_blocks([_table_row(row) for row in frame.table.rows])
        elif frame.has_chart:
            yield from chart_blocks(parse_xml(frame.chart_part.blob))
        elif next(frame.element.iter(f"{P}oleObj"), None) is not None:
            self._keep_embedded(next(frame.element.iter(f"{P}oleObj")))
        else:
            for link in frame.element.iter(f"{DGM}relIds"):
                diagram = self._slide.part.related_part(link.get(f"{R}dm"))
                for text in diagram_lines(parse_xml(diagram.blob)):
                    self.texts.append(text)
                    yield Block("item", text)

    def _keep_embedded(self, element: Element) -> None:
        """Keep the document that a slide shows as a picture."""
        part = self._slide.part.related_part(element.get(f"{R}id"))
        name = posixpath.basename(str(part.partname))
        self.embedded.append(unpack_ole(part.blob, name) if part.blob.startswith(OLE2) else (name, part.blob))


def _choose_alternatives(slide: Element) -> None:
    """Put the first choice of each alternative in its place; python-pptx does not see shapes inside alternatives."""
    for alternative in list(slide.iter(f"{MC}AlternateContent")):
        parent = alternative.getparent()
        if parent is not None and len(alternative):
            for child in reversed(list(alternative[0])):
                alternative.addnext(child)
            parent.remove(alternative)


def _placeholder(shape: Any) -> str | None:
    """Return the type of the placeholder (empty: any content), or None for a shape that is none."""
    mark = next(shape.element.iter(f"{P}ph"), None) if local_name(shape.element) != "grpSp" else None
    return None if mark is None else mark.get("type", "")


def _paragraphs(shape: Any) -> Iterator[Block]:
    """Yield the paragraphs of a shape; those with a bullet or number are items."""
    kind = _placeholder(shape)
    counters: dict[int, int] = {}
    for paragraph in shape.text_frame.paragraphs:
        text, depth = _clean(paragraph.text), paragraph.level
        if not text:
            continue
        bullet = _bullet(paragraph, shape, kind, depth)
        for deeper in [level for level in counters if level > depth]:
            del counters[deeper]
        if bullet is None or local_name(bullet) == "buNone":
            yield Block("paragraph", text)
            counters.clear()
        elif local_name(bullet) == "buAutoNum":
            start = int(bullet.get("startAt", "1")) if bullet.get("startAt", "1").isdecimal() else 1
            counters[depth] = counters.get(depth, start - 1) + 1
            yield Block("item", text, level=depth, mark=_number(counters[depth], bullet.get("type", "")))
        else:
            counters.pop(depth, None)
            yield Block("item", text, level=depth)


def _bullet(paragraph: Any, shape: Any, kind: str | None, depth: int) -> Element | None:
    """Return the element that says how a paragraph is marked: its own, or that of the level in a style."""
    own = paragraph._p.find(f"{A}pPr")
    styles = [] if own is None else [own]
    name = f"{A}lvl{depth + 1}pPr"
    holders = [shape.element]
    if kind is not None:
        layout = shape.part.slide_layout
        index = shape.placeholder_format.idx
        holders += [holder.element for holder in layout.placeholders if holder.placeholder_format.idx == index]
    styles += [style for holder in holders for style in holder.iter(name)]
    if kind in _BULLETED:
        styles += [style for body in layout.slide_master.element.iter(f"{P}bodyStyle") for style in body.iter(name)]
    for style in styles:
        for child in style:
            if local_name(child) in ("buNone", "buChar", "buAutoNum", "buBlip"):
                return child
    return None


def _number(number: int, kind: str) -> str:
    """Return a number of a list in a format such as `alphaLcParenR`."""
    suffix = next((suffix for suffix in _SUFFIXES if kind.endswith(suffix)), "Period")
    before, after = _SUFFIXES[suffix]
    return before + format_number(number, _NUMBER_FORMATS.get(kind.removesuffix(suffix), "")) + after


def _table_row(row: Any) -> list[GridCell]:
    cells: list[GridCell] = []
    for cell in row.cells:
        element = cell._tc
        direction = "down" if element.get("vMerge") else "right" if element.get("hMerge") else ""
        cells.append(GridCell(_clean(_text(cell.text_frame)), continues=direction))
    return cells


def _text(frame: Any) -> str:
    return " ".join(paragraph.text for paragraph in frame.paragraphs)


def _clean(text: str) -> str:
    return one_line(text.replace("\v", " "))
