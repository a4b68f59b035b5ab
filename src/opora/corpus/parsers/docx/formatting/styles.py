"""Styles of a DOCX, each with the properties that it inherits."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from opora.corpus.parsers.docx.markup import TYPE, VAL, attribute, integer, name, switch
from opora.corpus.parsers.storage.xml import Element

_PPR, _RPR, _NAME, _BASED_ON, _STYLE_ID = map(name, ("w:pPr", "w:rPr", "w:name", "w:basedOn", "w:styleId"))
_NUM_ID, _LEVEL = name("w:numId"), name("w:ilvl")
_ASCII = name("w:ascii")
_LEFT, _START = name("w:left"), name("w:start")
_LEADER, _LEADERS = name("w:leader"), ("dot", "hyphen", "underscore", "middleDot")
_DEFAULT, _RAISED = name("w:default"), "superscript"
_SWITCHES = {name("w:b"): "bold", name("w:vanish"): "hidden", name("w:caps"): "caps"}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)(pt)?")


class Properties(NamedTuple):
    """Properties of a paragraph or run; None where they are inherited."""

    num_id: str | None = None
    level: int | None = None
    """Level of the list, from 0."""
    outline: int | None = None
    """Outline level, from 0; 9 for body text."""
    centred: bool | None = None
    indent: int | None = None
    """Indent of the left margin, in twentieths of a point."""
    has_leader: bool | None = None
    """True if dots or a line fill the gap of a tab, as in a table of contents."""
    bold: bool | None = None
    hidden: bool | None = None
    caps: bool | None = None
    size: float | None = None
    """Font size, in points."""
    raised: bool | None = None
    font: str | None = None

    def over(self, base: Properties) -> Properties:
        """Return these properties, those of `base` where they are inherited."""
        return Properties._make(below if value is None else value for value, below in zip(self, base, strict=True))


class WordStyle(NamedTuple):
    """A style. `name` is in lower case; `numbering_style` is the id of the style that its numbers come from."""

    id: str
    name: str
    format: Properties
    numbering_style: str = ""


class StyleTable:
    """Styles of a document by id."""

    def __init__(self, root: Element | None) -> None:
        elements = [] if root is None else root.findall(name("w:style"))
        self._elements = {style.get(_STYLE_ID, ""): style for style in elements}
        self._styles: dict[str, WordStyle] = {}
        self._paragraph_styles: dict[str, WordStyle] = {}
        defaults = None if root is None else root.find(name("w:docDefaults"))
        runs = None if defaults is None else defaults.find(f"{name('w:rPrDefault')}/{_RPR}")
        paragraphs = None if defaults is None else defaults.find(f"{name('w:pPrDefault')}/{_PPR}")
        self._base = WordStyle("", "", read_properties(paragraphs, runs).over(Properties(size=10.0)))
        self._default = next(
            (
                style.get(_STYLE_ID, "")
                for style in elements
                if style.get(TYPE) == "paragraph" and style.get(_DEFAULT) in ("1", "true", "on")
            ),
            "",
        )

    def paragraph(self, style_id: str | None) -> WordStyle:
        """Return a paragraph style with all that it inherits; the default style if there is none of that id."""
        key = style_id if style_id is not None and style_id in self._elements else self._default
        if key not in self._paragraph_styles:
            style = self._resolve(key)
            self._paragraph_styles[key] = style._replace(format=style.format.over(self._base.format))
        return self._paragraph_styles[key]

    def run(self, style_id: str | None) -> Properties:
        """Return the properties of a character style."""
        return self._resolve(style_id or "").format

    def numbering(self, style_id: str) -> str | None:
        """Return the id of the numbering that a style refers to."""
        return self._resolve(style_id).format.num_id

    def _resolve(self, style_id: str) -> WordStyle:
        """Return a style with all that its chain of styles defines, which may be long or closed to a circle."""
        chain: dict[str, None] = {}
        while style_id in self._elements and style_id not in self._styles and style_id not in chain:
            chain[style_id] = None
            style_id = attribute(self._elements[style_id], _BASED_ON) or ""
        style = self._styles.get(style_id, WordStyle("", "", Properties()))
        for key in reversed(chain):
            element = self._elements[key]
            own = read_properties(element.find(_PPR), element.find(_RPR))
            source = style.numbering_style if own.num_id is None else key
            label = (attribute(element, _NAME) or "").lower()
            style = self._styles[key] = WordStyle(key, label, own.over(style.format), source)
        return style


def read_properties(paragraph: Element | None, run: Element | None) -> Properties:
    """Return the properties that `w:pPr` and `w:rPr` elements set themselves."""
    values: dict[str, object] = {}
    for properties in (paragraph, run):
        for child in () if properties is None else properties:
            if attribute_name := _SWITCHES.get(child.tag):
                values[attribute_name] = switch(child)
            elif reader := _READERS.get(child.tag):
                values |= reader(child)
    return Properties(**values)  # type: ignore[arg-type]  # each reader keeps to the types of the fields


def _read_numbering(element: Element) -> dict[str, object]:
    level = attribute(element, _LEVEL)
    return {
        "num_id": attribute(element, _NUM_ID),
        "level": None if level is None else max(0, min(8, integer(level))),
    }


def _read_indent(element: Element) -> dict[str, object]:
    left = element.get(_LEFT, element.get(_START))
    return {} if left is None else {"indent": integer(left)}


def _read_size(element: Element) -> dict[str, object]:
    match = _SIZE.match(element.get(VAL, ""))
    return {"size": float(match[1]) / (1 if match[2] else 2)} if match else {}


_READERS: dict[str, Callable[[Element], dict[str, object]]] = {
    name("w:numPr"): _read_numbering,
    name("w:outlineLvl"): lambda element: {"outline": max(0, min(9, integer(element.get(VAL), 9)))},
    name("w:ind"): _read_indent,
    name("w:tabs"): lambda element: {"has_leader": any(tab.get(_LEADER) in _LEADERS for tab in element)},
    name("w:jc"): lambda element: {"centred": element.get(VAL) == "center"},
    name("w:sz"): _read_size,
    name("w:rFonts"): lambda element: {"font": element.get(_ASCII) or None},
    name("w:vertAlign"): lambda element: {"raised": element.get(VAL) == _RAISED},
}
