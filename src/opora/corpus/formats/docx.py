"""DOCX: the body of a Word document, read from its XML.

In: the bytes of the file and how large it may unpack. Out: Markdown: headings by style, lists with the numbers that
Word would print, tables, text of hyperlinks, insertions and content controls; deletions, headers and footers left out.

    parse_docx(data, max_unpacked=200 * 2**20).text        # '# Rules\\n\\n1. First.\\n\\n...'
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator

from lxml import etree

from opora.corpus.formats.numbering import Numbering
from opora.corpus.formats.parsed import Parsed, RefusedError, heading, one_line, paragraph, table

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
DC = "{http://purl.org/dc/elements/1.1/}"
CONTAINERS = frozenset(f"{W}{name}" for name in ("sdt", "sdtContent", "customXml", "ins", "moveTo", "smartTag"))
_HEADING = re.compile(r"(?:heading|заголовок)\s*([1-9])", re.IGNORECASE)


def parse_docx(data: bytes, max_unpacked: int) -> Parsed:
    """Raises RefusedError: corrupt, encrypted, too large when unpacked, too deep."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            check_size(archive, max_unpacked)
            body = _xml(archive, "word/document.xml")
            if body is None:
                raise RefusedError("corrupt", "word/document.xml is missing")
            styles, numbering = _xml(archive, "word/styles.xml"), _xml(archive, "word/numbering.xml")
            core = _xml(archive, "docProps/core.xml")
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise RefusedError("corrupt", str(error)) from None
    except RuntimeError as error:  # zipfile's word for a password
        raise RefusedError("encrypted", str(error)) from None
    writer = _Writer(_heading_levels(styles), Numbering(numbering, styles))
    root = body.find(f"{W}body")
    blocks = list(writer.blocks(body if root is None else root))
    title = "" if core is None else one_line(core.findtext(f"{DC}title") or "")
    return Parsed(_join(blocks), title)


def check_size(archive: zipfile.ZipFile, max_unpacked: int) -> None:
    """Refuse by the declared sizes; `zipfile` reads no more of a member than it declares, so a lie is cut short."""
    members = archive.infolist()
    unpacked = sum(member.file_size for member in members)
    if unpacked > max_unpacked or len(members) > 10_000:
        shown = f"{unpacked / 2**20:.0f} MB in {len(members)} members"
        raise RefusedError("too large", f"unpacks to {shown}; limit {max_unpacked / 2**20:.0f} MB")


def _xml(archive: zipfile.ZipFile, name: str) -> etree._Element | None:
    try:
        data = archive.read(name)
    except KeyError:
        return None
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, recover=False)
    try:
        return etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        reason = "too deep" if "Excessive depth" in str(error) else "corrupt"
        raise RefusedError(reason, f"{name}: {error}"[:200]) from None


def _heading_levels(styles: etree._Element | None) -> dict[str, int]:
    """Style id -> heading level, by outline level or by name, own or of the style it is based on."""
    if styles is None:
        return {}
    parents: dict[str, str] = {}
    levels: dict[str, int] = {}
    for style in styles.iter(f"{W}style"):
        key = style.get(f"{W}styleId") or ""
        parents[key] = _value(style.find(f"{W}basedOn"))
        name, outline = _value(style.find(f"{W}name")), _value(style.find(f"{W}pPr/{W}outlineLvl"))
        if name.lower() == "title":
            levels[key] = 1
        elif match := _HEADING.fullmatch(name):
            levels[key] = int(match[1])
        elif outline.isdecimal() and int(outline) < 9:
            levels[key] = int(outline) + 1
    for key in parents:
        seen, current = {key}, parents[key]
        while key not in levels and current and current not in seen:
            if current in levels:
                levels[key] = levels[current]
            seen.add(current)
            current = parents.get(current, "")
    return levels


class _Writer:
    def __init__(self, levels: dict[str, int], numbering: Numbering) -> None:
        self.levels, self.numbering = levels, numbering

    def blocks(self, parent: etree._Element) -> Iterator[str]:
        for child in parent:
            if child.tag == f"{W}p":
                yield from self.paragraph(child)
            elif child.tag == f"{W}tbl":
                yield from self.table(child)
            elif child.tag in CONTAINERS:
                yield from self.blocks(child)

    def paragraph(self, node: etree._Element) -> Iterator[str]:
        text = one_line(text_of(node))
        if not text:
            return
        style = _value(node.find(f"{W}pPr/{W}pStyle"))
        level = self.levels.get(style)
        outline = _value(node.find(f"{W}pPr/{W}outlineLvl"))
        if level is None and outline.isdecimal() and int(outline) < 9:
            level = int(outline) + 1
        label = self.numbering.label(node.find(f"{W}pPr/{W}numPr"), style)
        if level is not None:
            yield heading(level, f"{label.strip()} {text}" if label.strip() not in ("", "-") else text)
        else:
            yield f"{label}{text}" if label else paragraph(text)

    def table(self, node: etree._Element) -> Iterator[str]:
        rows = [row for tr in _rows(node) if any(row := self.cells(tr))]
        if len(rows) > 1 and max(map(len, rows)) > 1:
            yield table(rows)
        else:  # a frame around text
            for tr in _rows(node):
                for cell in _below(tr, f"{W}tc"):
                    yield from self.blocks(cell)

    def cells(self, tr: etree._Element) -> list[str]:
        row: list[str] = []
        for cell in _below(tr, f"{W}tc"):
            merge = cell.find(f"{W}tcPr/{W}vMerge")
            is_continued = merge is not None and (merge.get(f"{W}val") or "continue") == "continue"
            text = "" if is_continued else " ".join(block.replace("\n", " ") for block in self.blocks(cell))
            span = _value(cell.find(f"{W}tcPr/{W}gridSpan"))
            row += [text, *[""] * (min(int(span), 100) - 1 if span.isdecimal() else 0)]
        return row


def text_of(node: etree._Element) -> str:
    """Text of a paragraph as it would print: runs, hyperlinks, insertions; no deletions, no field codes, no text boxes
    (their text stands twice, once for old versions of Word)."""
    parts: list[str] = []
    for child in node:
        if child.tag == f"{W}t":
            parts.append(child.text or "")
        elif child.tag in (f"{W}tab", f"{W}br", f"{W}cr"):
            parts.append(" ")
        elif child.tag == f"{W}noBreakHyphen":
            parts.append("-")
        elif child.tag not in (f"{W}pPr", f"{W}rPr", f"{W}del", f"{W}moveFrom", f"{W}pict", f"{W}drawing"):
            parts.append(text_of(child))
    return "".join(parts)


def _rows(node: etree._Element) -> Iterator[etree._Element]:
    return _below(node, f"{W}tr")


def _below(node: etree._Element, tag: str) -> Iterator[etree._Element]:
    """Children with a tag, those inside content controls among them."""
    for child in node:
        if child.tag == tag:
            yield child
        elif child.tag in CONTAINERS:
            yield from _below(child, tag)


def _value(node: etree._Element | None) -> str:
    return "" if node is None else node.get(f"{W}val") or ""


def _join(blocks: list[str]) -> str:
    """Blocks with an empty line between, list items without."""
    text = ""
    for previous, block in zip(["", *blocks], blocks, strict=False):
        is_list = bool(_ITEM.match(previous) and _ITEM.match(block))
        text += ("\n" if is_list else "\n\n" if previous else "") + block
    return text


_ITEM = re.compile(r"\s*(?:-|[\w.]{1,12}[.)]) \S")
