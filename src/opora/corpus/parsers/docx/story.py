"""Blocks of the body of a DOCX, or of another part, in reading order."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from opora.corpus.blocks import Block, one_line
from opora.corpus.parsers.base import ParseContext, Part
from opora.corpus.parsers.docx.content.reader import PAGE_BREAK, Content, InlineReader
from opora.corpus.parsers.docx.drawings import drawing_blocks, embedded_document
from opora.corpus.parsers.docx.formatting.numbering import ListMark, ListNumbering
from opora.corpus.parsers.docx.formatting.styles import Properties, StyleTable, WordStyle, read_properties
from opora.corpus.parsers.docx.headings import Look, StoryPiece, is_heading_text
from opora.corpus.parsers.docx.markup import NAMESPACES, REMOVED, attribute, chosen, name
from opora.corpus.parsers.docx.notes import Notes, NoteText
from opora.corpus.parsers.docx.package import Package
from opora.corpus.parsers.docx.tables import read_table
from opora.corpus.parsers.elements.numbers import BULLET
from opora.corpus.parsers.elements.tables import cell_text
from opora.corpus.parsers.storage.xml import Element
from opora.text.language_pack import language_packs

BODY_TEXT = 9
"""Outline level of body text."""
ALL = 0.95
"""Share of the letters of a paragraph that counts as all."""
_PARAGRAPH, _TABLE, _PPR, _RPR, _STYLE = map(name, ("w:p", "w:tbl", "w:pPr", "w:rPr", "w:pStyle"))
_ALT_CHUNK, _OBJECT, _CELL = map(name, ("w:altChunk", "w:object", "w:tc"))
_SECTION = name("w:sectPr")
_GALLERY = "/".join(map(name, ("w:sdtPr", "w:docPartObj", "w:docPartGallery")))
_LISTINGS = ("Table of Contents", "Table of Figures", "Table of Authorities")
"""Kinds of content controls that list headings and pages."""
_RELATIONSHIP_ID = f"{{{NAMESPACES['r']}}}id"
_PAGE_TAB = re.compile(r"\t+(?=\s*\d{1,4}\s*$)")
_TYPED_BULLET = re.compile(r"[•●▪■○◦·\uf0b7\uf0a7]\s*(?=\w|[«\"(])|[-–—] (?=\w|[«\"(])")
_NAMED_MARK = re.compile(r"[^\W\d_]{3,}\s+\S|§")
"""Marks such as `Article 5.`, whose paragraphs are no items of a list."""
_SEGMENTS = re.compile(rf"{PAGE_BREAK}|\n\s*\n")


@dataclass
class Sources:
    """The parts of a document that its text draws on, and what reading gathers beside the text."""

    context: ParseContext
    package: Package
    styles: StyleTable
    numbering: ListNumbering
    notes: Notes
    parts: list[Part] = field(default_factory=list)
    titles: list[str] = field(default_factory=list)
    """Paragraphs in the style of a title."""
    listings: set[Element] = field(default_factory=set)
    """Paragraphs of tables of contents and indexes, which were left out."""


class Story:
    """Reader of the text in an element of a part: the body, a note, a header."""

    def __init__(self, sources: Sources, part: str, root: Element) -> None:
        self._sources = sources
        self._part = part
        self._root = root
        self._inline = InlineReader(root, sources.styles)

    def pieces(self, container: Element | None = None) -> Iterator[StoryPiece]:
        """Yield the blocks in a container, by default the whole element."""
        pending: Content | None = None  # paragraphs whose mark is deleted continue in the next one
        last: Element | None = None
        has_line_above = False
        for element in self._elements(self._root if container is None else container):
            if element.tag == _PARAGRAPH:
                content, last = pending or Content(), element
                pending = self._read(element, content)
                if pending is None:
                    yield from self._paragraph(element, content, has_line_above)
                    has_line_above = not content.is_empty
            elif element.tag == _TABLE:
                yield from read_table(element, lambda cell: list(self.pieces(cell)))
            elif element.tag == _ALT_CHUNK:
                self._add_part(element)
        if pending and last is not None:
            yield from self._paragraph(last, pending, has_line_above)

    def _elements(self, container: Element) -> Iterator[Element]:
        """Yield paragraphs, tables and embedded text, whatever stands around them."""
        for child in chosen(container):
            if child.tag in (_PARAGRAPH, _TABLE, _ALT_CHUNK):
                yield child
            elif attribute(child, _GALLERY) in _LISTINGS:
                self._sources.listings.update(child.iter(_PARAGRAPH))
            elif child.tag not in REMOVED and isinstance(child.tag, str):
                yield from self._elements(child)

    def _read(self, paragraph: Element, content: Content) -> Content | None:
        """Read the content of a paragraph; return it if the paragraph continues in the next one."""
        properties = paragraph.find(_PPR)
        style = self._sources.styles.paragraph(attribute(properties, _STYLE))
        self._inline.read(paragraph, style.format, content)
        mark = None if properties is None else properties.find(_RPR)
        is_joined = mark is not None and any(child.tag in REMOVED for child in mark)
        return content if is_joined else None

    def _paragraph(self, element: Element, content: Content, has_line_above: bool) -> Iterator[StoryPiece]:
        """Yield the blocks of a paragraph, and of all that is anchored in it."""
        properties = element.find(_PPR)
        style = self._sources.styles.paragraph(attribute(properties, _STYLE))
        own = read_properties(properties, None)
        if style.name and _contents_style().fullmatch(style.name):
            self._sources.listings.add(element)
            return
        if content.has_listing:
            self._sources.listings.add(element)
            if content.is_empty:
                return
        if content.is_empty and _is_hidden(properties, style):
            return  # Word does not count it
        mark = self._sources.numbering.mark(own, style)
        level = self._heading_level(own, style)
        shown = own.over(Properties(indent=mark.indent)).over(style.format)
        text = _PAGE_TAB.sub(" ..... ", content.text) if shown.has_leader else content.text
        texts = list(filter(None, map(one_line, _SEGMENTS.split(text))))
        if style.name in _style_names("title"):
            self._sources.titles += texts
        is_plain = len(texts) > 1 or style.name in _style_names("caption")
        look = None if is_plain else _look(content, shown, has_line_above)
        if texts and not mark.text and not level and content.monospaced >= ALL * content.letters:
            code = content.text.replace(PAGE_BREAK, "\n")
            yield StoryPiece(_block(" ".join(texts), mark, 0), look, code)
            texts = []
        for text in texts:
            yield StoryPiece(_block(text, mark, level), look)
            mark = ListMark()
        if mark.text not in ("", BULLET) and content.is_empty and element.getparent().tag == _CELL:
            yield StoryPiece(Block("paragraph", mark.text))  # the number of a row
        yield from self._anchored(content)
        if properties is not None and properties.find(_SECTION) is not None:
            self._sources.notes.end_section()

    def _anchored(self, content: Content) -> Iterator[StoryPiece]:
        """Yield text boxes, drawings, notes and comments of a paragraph."""
        for box in content.boxes:
            yield from self.pieces(box)
        for drawing in content.drawings:
            if drawing.tag == _OBJECT:
                if document := embedded_document(drawing, self._sources.package, self._part):
                    self._sources.parts.append(self._sources.context.parse_part(document[1], document[0]))
            else:
                yield from map(StoryPiece, drawing_blocks(drawing, self._sources.package, self._part))
        for reference in content.notes:
            yield from self._note(self._sources.notes.take(*reference))
        if self._sources.context.settings.comments:
            for key in content.comments:
                yield from self._note(self._sources.notes.take_comment(key))

    def _note(self, note: NoteText | None) -> Iterator[StoryPiece]:
        if note:
            pieces = Story(self._sources, note.part, note.element).pieces()
            yield StoryPiece(Block("note", cell_text(piece.block for piece in pieces), mark=note.mark))

    def _add_part(self, element: Element) -> None:
        """Parse a file that Word shows as a piece of the text."""
        link = self._sources.package.relationships(self._part).get(element.get(_RELATIONSHIP_ID, ""))
        if link and (data := self._sources.package.read(link.target)):
            self._sources.parts.append(self._sources.context.parse_part(data, link.target))

    def _heading_level(self, own: Properties, style: WordStyle) -> int:
        """Return the level of a heading by outline level or by the name of its style; 0 for other paragraphs."""
        outline = own.over(style.format).outline
        if outline is not None and outline < BODY_TEXT:
            return outline + 1
        if style.name in _style_names("title"):
            return 1
        match = _heading_style().match(style.name) if outline is None else None
        return int(match[1]) if match else 0


def _is_hidden(properties: Element | None, style: WordStyle) -> bool:
    """Return True if the mark of a paragraph is hidden."""
    mark = None if properties is None else properties.find(_RPR)
    return bool(read_properties(None, mark).over(style.format).hidden)


def _block(text: str, mark: ListMark, level: int) -> Block:
    """Return the block of a paragraph with its automatic number; `level` is that of a heading, 0 for others."""
    if level and is_heading_text(text):
        number = f"{mark.text} " if mark.text not in ("", BULLET) else ""
        return Block("heading", number + text, level=min(6, level))
    if _NAMED_MARK.match(mark.text):
        return Block("paragraph", f"{mark.text} {text}")
    if mark.text:
        return Block("item", text, level=mark.level, mark=mark.text)
    typed = _TYPED_BULLET.match(text)
    return Block("item", text[typed.end() :], mark=BULLET) if typed else Block("paragraph", text)


def _look(content: Content, properties: Properties, has_line_above: bool) -> Look:
    letters = max(1, content.letters)
    return Look(
        is_bold=content.bold >= ALL * letters,
        is_centred=bool(properties.centred),
        is_capital=content.capital >= ALL * letters,
        size=content.sizes.most_common(1)[0][0] if content.sizes else 0.0,
        has_tabs="\t" in content.text.strip(),
        has_line_above=has_line_above,
        indent=properties.indent or 0,
    )


@functools.cache
def _style_names(kind: str) -> tuple[str, ...]:
    """Return the names of the styles of a kind in all languages: Word writes them in the language of its user."""
    return tuple(style for pack in language_packs() for style in getattr(pack.word_styles, kind))


@functools.cache
def _heading_style() -> re.Pattern[str]:
    return re.compile(rf"(?:{'|'.join(map(re.escape, _style_names('heading')))})\s*([1-9])\b")


@functools.cache
def _contents_style() -> re.Pattern[str]:
    return re.compile(rf"(?:{'|'.join(map(re.escape, _style_names('contents')))})(?:\s*\d)?")
