"""Content of a paragraph as a reader of Word sees it: fields by their result, deletions and hidden text left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from opora.corpus.parsers.docx.code import is_monospaced
from opora.corpus.parsers.docx.content.equations import equation_text
from opora.corpus.parsers.docx.content.fields import CHAR, INSTRUCTION, Fields, is_listing
from opora.corpus.parsers.docx.content.symbols import has_private, readable, symbol
from opora.corpus.parsers.docx.formatting.styles import Properties, StyleTable, read_properties
from opora.corpus.parsers.docx.markup import ID, REMOVED, TYPE, attribute, chosen, name
from opora.corpus.parsers.elements.scripts import write_script
from opora.corpus.parsers.storage.xml import Element

PAGE_BREAK = "\f"
MAX_MARK = 5
"""Maximum length of a typed mark of a note."""
_RUN, _RPR, _STYLE, _FONTS = map(name, ("w:r", "w:rPr", "w:rStyle", "w:rFonts"))
_SIMPLE_FIELD, _FONT, _CHAR, _ASCII = map(name, ("w:fldSimple", "w:font", "w:char", "w:ascii"))
_RUBY, _BASE, _ANNOTATION = map(name, ("w:ruby", "w:rubyBase", "w:rt"))
_TEXT_BOX, _PROPERTIES = map(name, ("w:txbxContent", "wp:docPr"))
_CUSTOM_MARK = name("w:customMarkFollows")
_SKIPPED = REMOVED | frozenset(map(name, ("w:pPr", "w:rPr", "w:sdtPr", "w:smartTagPr", "w:customXmlPr", "w:rubyPr")))
_PLAIN = dict(
    zip(map(name, ("w:tab", "w:ptab", "w:cr", "w:noBreakHyphen")), ("\t", "\t", "\n", "-"), strict=True)
)  # `w:softHyphen` is shown only at the end of a line


@dataclass
class Content:
    """Content of a paragraph. The counts are of characters other than blanks; `letters` counts all."""

    pieces: list[str] = field(default_factory=list)
    letters: int = 0
    bold: int = 0
    capital: int = 0
    monospaced: int = 0
    sizes: Counter[float] = field(default_factory=Counter)
    notes: list[tuple[str, str, str]] = field(default_factory=list)
    """References to notes: kind, id, and the mark if it is typed rather than counted."""
    comments: list[str] = field(default_factory=list)
    boxes: list[Element] = field(default_factory=list)
    """Text boxes, in order."""
    drawings: list[Element] = field(default_factory=list)
    """Drawings and embedded objects, in order."""
    has_listing: bool = False
    """True if a table of contents or an index was left out."""

    @property
    def text(self) -> str:
        """Text with `\\n` for line breaks and `\\f` for page breaks."""
        return "".join(self.pieces)

    @property
    def is_empty(self) -> bool:
        """True if the paragraph shows nothing."""
        return not (self.notes or self.boxes or self.drawings or self.text.strip())


class InlineReader:
    """Reads the paragraphs of a part, in their order."""

    def __init__(self, root: Element, styles: StyleTable) -> None:
        self._styles = styles
        self._fields = Fields(root)
        self._awaits_mark = False
        self._handlers: dict[str, Callable[[Element, Content, Properties], None]] = {
            _RUN: self._read_run,
            name("w:t"): self._read_text,
            name("w:br"): self._read_break,
            name("w:sym"): self._read_symbol,
            name("m:oMath"): self._read_equation,
            name("w:instrText"): lambda element, *_: self._fields.add_instruction(element.text or ""),
            CHAR: lambda element, content, run: self._add(content, self._fields.mark(element), run),
            _SIMPLE_FIELD: self._read_simple_field,
            _RUBY: self._read_ruby,
            _TEXT_BOX: lambda element, content, _: content.boxes.append(element),
            name("w:footnoteReference"): lambda element, content, _: self._read_reference("footnote", element, content),
            name("w:endnoteReference"): lambda element, content, _: self._read_reference("endnote", element, content),
            name("w:commentReference"): lambda element, content, _: content.comments.append(element.get(ID, "")),
            name("w:drawing"): self._read_drawing,
            name("w:object"): self._read_drawing,
        }

    def read(self, paragraph: Element, base: Properties, content: Content) -> None:
        """Add the content of a paragraph, whose text has the properties `base` where its runs set none."""
        self._read_children(paragraph, content, base)

    def _read_children(self, element: Element, content: Content, run: Properties) -> None:
        for child in chosen(element):
            if handler := self._handlers.get(child.tag):
                handler(child, content, run)
            elif plain := _PLAIN.get(child.tag):
                self._add(content, plain, run)
            elif child.tag not in _SKIPPED and isinstance(child.tag, str):
                self._read_children(child, content, run)

    def _read_run(self, element: Element, content: Content, base: Properties) -> None:
        properties = element.find(_RPR)
        if properties is not None:
            style = attribute(properties, _STYLE)
            inherited = self._styles.run(style).over(base) if style else base
            base = read_properties(None, properties).over(inherited)
        if not base.hidden:
            self._read_children(element, content, base)
        else:  # a field keeps its state
            for child in element:
                if child.tag == CHAR:
                    self._fields.mark(child)
                elif child.tag == name("w:instrText"):
                    self._fields.add_instruction(child.text or "")

    def _read_text(self, element: Element, content: Content, run: Properties) -> None:
        text = (element.text or "").replace("\n", " ")
        if has_private(text):
            fonts = element.getparent().find(f"{_RPR}/{_FONTS}")
            text = readable(text, "" if fonts is None else fonts.get(_ASCII, ""))
        self._add(content, write_script(text, "sup") if run.raised else text, run)

    def _read_break(self, element: Element, content: Content, run: Properties) -> None:
        self._add(content, "\n" if element.get(TYPE, "textWrapping") == "textWrapping" else PAGE_BREAK, run)

    def _read_symbol(self, element: Element, content: Content, run: Properties) -> None:
        try:
            code = int(element.get(_CHAR, ""), 16)
        except ValueError:
            return
        self._add(content, symbol(code, element.get(_FONT, "")), run)

    def _read_equation(self, element: Element, content: Content, run: Properties) -> None:
        self._add(content, equation_text(element), run)

    def _read_simple_field(self, element: Element, content: Content, run: Properties) -> None:
        if is_listing(element.get(INSTRUCTION, "")):
            content.has_listing = True
        else:
            self._read_children(element, content, run)

    def _read_ruby(self, element: Element, content: Content, run: Properties) -> None:
        """Read a text and the small text above it, which follows in brackets."""
        for child in element.iterchildren(_BASE):
            self._read_children(child, content, run)
        for child in element.iterchildren(_ANNOTATION):
            self._add(content, "(", run)
            self._read_children(child, content, run)
            self._add(content, ")", run)

    def _read_reference(self, kind: str, element: Element, content: Content) -> None:
        if not self._fields.hide:
            content.notes.append((kind, element.get(ID, ""), ""))
            self._awaits_mark = element.get(_CUSTOM_MARK, "0") in ("1", "true", "on")

    def _read_drawing(self, element: Element, content: Content, run: Properties) -> None:
        if not self._fields.hide:
            content.drawings.append(element)
            self._read_children(element, content, run)

    def _add(self, content: Content, text: str, run: Properties) -> None:
        if self._fields.hide:
            content.has_listing = content.has_listing or bool(text.strip())
            return
        if self._awaits_mark and text.strip() and content.notes:
            self._awaits_mark = False
            if len(text.strip()) <= MAX_MARK:  # the mark does not belong to the sentence
                content.notes[-1] = (*content.notes[-1][:2], text.strip())
                return
        content.pieces.append(text)
        count = len(text) - text.count(" ")
        content.letters += count
        content.bold += count if run.bold else 0
        content.monospaced += count if is_monospaced(run.font) else 0
        content.capital += count if run.caps or text == text.upper() else 0
        if count:
            content.sizes[run.size or 0.0] += count
