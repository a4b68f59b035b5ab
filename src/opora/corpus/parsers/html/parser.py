"""Parser of HTML: headings, lists, tables and paragraphs of the main content, without menus, footers and scripts."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING

from lxml import etree, html

from opora.corpus.blocks import Block, clean_text, markdown_table, one_line
from opora.corpus.parsers.base import ParseContext, ParseError, Reading

if TYPE_CHECKING:
    from lxml.html import HtmlElement

SKIPPED = frozenset(
    "script style noscript template nav footer aside form button select svg canvas iframe object head".split()
)
BLOCKS = frozenset(
    "address article blockquote body dd details div dl dt fieldset figcaption figure footer h1 h2 h3 h4 h5 h6 header hr"
    " html li main ol p pre section summary table tbody td tfoot th thead tr ul center".split()
)
HEADINGS = {f"h{level}": level for level in range(1, 7)}


def parse(data: bytes, context: ParseContext) -> Reading:
    """Parse HTML. Raises ParseError if there is no text, or elements are nested more than 256 levels deep."""
    # libxml2 assumes Latin-1 if a page declares no encoding; bytes that decode as UTF-8 almost certainly are UTF-8
    parser = html.HTMLParser(encoding="utf-8" if _is_utf8(data) else None, remove_comments=True)
    try:
        root = html.document_fromstring(data, parser=parser)
    except (etree.ParserError, ValueError) as error:
        raise ParseError("no text", str(error)) from None
    if any("depth" in entry.message.lower() for entry in parser.error_log):
        raise ParseError("nested too deeply", "elements more than 256 levels deep")
    return Reading([_as_block(text) for text in _blocks(_main(root))], titles=[root.findtext(".//title") or ""])


def _as_block(text: str) -> Block:
    marks = len(text) - len(text.lstrip("#"))
    return Block("heading", text.lstrip("# "), level=marks) if marks else Block("paragraph", text)


def _main(root: HtmlElement) -> HtmlElement:
    """Return the only `main` or `article` element, else the body."""
    for tag in ("main", "article"):
        elements = root.findall(f".//{tag}")
        if len(elements) == 1:
            return elements[0]
    body = root.find("body")
    return root if body is None else body


def _blocks(element: HtmlElement) -> Iterator[str]:
    """Yield blocks of Markdown; text between block elements is a paragraph."""
    line: list[str] = [element.text or ""]
    for child in element:
        if _is_skipped(child):
            pass
        elif child.tag in BLOCKS or child.xpath("boolean(.//p|.//table|.//ul|.//ol|.//div|.//h1|.//h2|.//h3)"):
            yield one_line("".join(line))
            line = []
            yield from _block(child)
        else:
            line.append("\n" if child.tag == "br" else _inline(child))
        line.append(child.tail or "")
    yield one_line("".join(line))


def _block(element: HtmlElement) -> Iterator[str]:
    tag = element.tag
    if tag in HEADINGS:
        if text := one_line(_inline(element)):
            yield f"{'#' * HEADINGS[tag]} {text}"
    elif tag in ("ul", "ol"):
        yield "\n".join(_items(element, 0))
    elif tag == "table":
        yield from _table(element)
    elif tag == "pre":
        yield clean_text(_inline(element)).strip("\n")
    else:
        yield from _blocks(element)


def _items(element: HtmlElement, depth: int) -> Iterator[str]:
    for number, item in enumerate(element.iterchildren("li"), 1):
        mark = f"{number}." if element.tag == "ol" else "-"
        nested = [child for child in item if child.tag in ("ul", "ol")]
        pieces = [item.text or ""]
        pieces += [("" if child in nested else _inline(child)) + (child.tail or "") for child in item]
        if text := one_line("".join(pieces)):
            yield f"{'  ' * depth}{mark} {text}"
        for child in nested:
            yield from _items(child, depth + 1)


def _table(element: HtmlElement) -> Iterator[str]:
    """Yield a table as Markdown, or the content of its cells if it only lays out the page (nested or single column)."""
    cells = [[cell for cell in row if cell.tag in ("td", "th")] for row in element.iter("tr")]
    if element.find(".//table") is not None or max(map(len, cells), default=0) < 2:
        for cell in itertools.chain(*cells):
            yield from _blocks(cell)
        return
    yield from (one_line(_inline(caption)) for caption in element.findall("caption")[:1])
    yield markdown_table([[_inline(cell) for cell in row] for row in cells])


def _inline(element: HtmlElement) -> str:
    """Return the text of an element without skipped elements; a block inside it separates words."""
    parts = [element.text or ""]
    for child in element:
        if isinstance(child.tag, str) and child.tag not in SKIPPED:
            inner = _inline(child)
            parts.append(f" {inner} " if child.tag in BLOCKS or child.tag == "br" else inner)
        parts.append(child.tail or "")
    return "".join(parts)


def _is_skipped(element: HtmlElement) -> bool:
    if not isinstance(element.tag, str) or element.tag in SKIPPED:
        return True
    return element.tag == "header" and not element.xpath(".//h1|.//h2|.//p")


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
