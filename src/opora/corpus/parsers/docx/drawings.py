"""Text of drawings: diagrams, charts and alternative texts; documents embedded in a DOCX."""

from __future__ import annotations

import itertools
import posixpath
import re
from collections.abc import Iterator

from opora.corpus.blocks import Block, markdown_table, one_line
from opora.corpus.parsers.docx.markup import NAMESPACES, integer, name
from opora.corpus.parsers.docx.package import Package
from opora.corpus.parsers.storage.ole import OLE2, unpack_ole
from opora.corpus.parsers.storage.xml import Element

MAX_POINTS = 5_000
"""Maximum number of categories of a chart that is read as a table."""
_RELATIONSHIP = f"{{{NAMESPACES['r']}}}"
_DIAGRAM, _CHART = map(name, ("dgm:relIds", "c:chart"))
_PARAGRAPH, _TEXT, _BOX = map(name, ("a:p", "a:t", "w:txbxContent"))
_POINT, _POINT_TEXT = map(name, ("dgm:pt", "dgm:t"))
_SERIES, _NAME, _CATEGORIES, _VALUES = map(name, ("c:ser", "c:tx", "c:cat", "c:val"))
_X, _Y, _POINTS, _VALUE = map(name, ("c:xVal", "c:yVal", "c:pt", "c:v"))
_PROPERTIES, _OBJECT = map(name, ("wp:docPr", "o:OLEObject"))
_FORMULAS = ("Equation", "MathType")
_LONG_NUMBER = re.compile(r"-?\d+\.\d{12,}")
_FILE = re.compile(r"\.\w{2,4}$|[\\/]")
MIN_WORDS = 3
"""Minimum number of words of an alternative text; shorter ones are names such as `Picture 5`."""


def drawing_blocks(drawing: Element, package: Package, part: str) -> Iterator[Block]:
    """Yield the text of a drawing that is not in text boxes."""
    links = package.relationships(part)
    for diagram in _own(drawing, _DIAGRAM):
        link = links.get(diagram.get(f"{_RELATIONSHIP}dm", ""))
        if link and (root := package.xml(link.target)) is not None:
            yield from (Block("item", text, mark="-") for text in diagram_lines(root))
    for chart in _own(drawing, _CHART):
        link = links.get(chart.get(f"{_RELATIONSHIP}id", ""))
        if link and (root := package.xml(link.target)) is not None:
            yield from chart_blocks(root)
    yield from (Block("paragraph", text) for line in _own(drawing, _PARAGRAPH) if (text := _drawn_text(line)))
    for properties in _own(drawing, _PROPERTIES):
        # Word adds a remark to a text of its own making, after an empty line
        text = one_line(properties.get("descr", "").split("\n\n")[0])
        if len(text.split()) >= MIN_WORDS and not _FILE.search(text):
            yield Block("paragraph", text)


def _own(drawing: Element, tag: str) -> Iterator[Element]:
    """Yield the elements of that full name in a drawing, but not in its text boxes, which are read apart."""
    for element in drawing.iter(tag):
        inner = itertools.takewhile(lambda ancestor: ancestor is not drawing, element.iterancestors())
        if all(ancestor.tag != _BOX for ancestor in inner):
            yield element


def embedded_document(element: Element, package: Package, part: str) -> tuple[str, bytes] | None:
    """Return the file name and the bytes of the document in a `w:object`, if there is one."""
    ole = next(element.iter(_OBJECT), None)
    link = None if ole is None else package.relationships(part).get(ole.get(f"{_RELATIONSHIP}id", ""))
    data = package.read(link.target) if link else None
    if ole is None or link is None or not data or ole.get("ProgID", "").startswith(_FORMULAS):
        return None
    file_name = posixpath.basename(link.target)
    return unpack_ole(data, file_name) if data.startswith(OLE2) else (file_name, data)


def diagram_lines(root: Element) -> Iterator[str]:
    for point in root.iter(_POINT):
        if point.get("type", "node") in ("node", "asst") and (body := point.find(_POINT_TEXT)) is not None:
            text = " ".join(filter(None, map(_drawn_text, body.iter(_PARAGRAPH))))
            if text:
                yield text


def chart_blocks(root: Element) -> Iterator[Block]:
    """Yield the titles of a chart and a table of its values."""
    for title in root.iter(name("c:title")):
        if text := " ".join(filter(None, map(_drawn_text, title.iter(_PARAGRAPH)))):
            yield Block("paragraph", text)
    columns = []
    labels: dict[int, str] = {}
    for series in root.iter(_SERIES):
        labels |= _points(series.find(_CATEGORIES)) or _points(series.find(_X))
        heading = " ".join(_points(series.find(_NAME)).values())
        columns.append((heading, _points(series.find(_VALUES)) or _points(series.find(_Y))))
    indexes = sorted({*labels, *(index for _, values in columns for index in values)})[:MAX_POINTS]
    if indexes:
        header = ["", *(heading for heading, _ in columns)]
        rows = [[labels.get(index, ""), *(values.get(index, "") for _, values in columns)] for index in indexes]
        yield Block("table", markdown_table([header, *rows]))


def _points(element: Element | None) -> dict[int, str]:
    """Return the cached values below an element by index."""
    points = () if element is None else element.iter(_POINTS)
    return {integer(point.get("idx")): _number(one_line(point.findtext(_VALUE) or "")) for point in points}


def _number(text: str) -> str:
    """Return a number as it was entered: `4.4`, not `4.4000000000000004`; other text unchanged."""
    return f"{float(text):.12g}" if _LONG_NUMBER.fullmatch(text) else text


def _drawn_text(paragraph: Element) -> str:
    return one_line("".join(run.text or "" for run in paragraph.iter(_TEXT)))
