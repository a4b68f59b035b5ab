"""HTML: the article without what surrounds it.

In: the bytes of a page. Out: Markdown of its main part: headings, paragraphs, lists and tables, in order.

    parse_html(b"<nav>Home</nav><h1>Rules</h1><p>Short.").text        # '# Rules\\n\\nShort.'
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import lxml.html
from lxml.etree import ParserError

from opora.corpus.formats.parsed import Parsed, RefusedError, heading, one_line, paragraph, table
from opora.corpus.formats.plain import decode

Element = lxml.html.HtmlElement

SKIPPED = frozenset(
    "script style noscript template svg math canvas iframe object embed audio video form button input select textarea"
    " nav footer aside dialog menu head".split()
)
BLOCKS = frozenset(
    "address article blockquote body center dd details div dl dt fieldset figcaption figure header hgroup html li main"
    " ol p pre section summary ul table tr td th thead tbody tfoot caption h1 h2 h3 h4 h5 h6 hr".split()
)
_CLUTTER = re.compile(
    r"(?:^|[\s_-])(?:cookies?|breadcrumbs?|navbar|navigation|sidebar|share|social|advert|banner|popup|modal|skip-link"
    r"|related|comments?|pagination|site-(?:header|footer|menu)|menu)(?:$|[\s_-])",
    re.IGNORECASE,
)
_CHARSET = re.compile(rb"<meta[^>]+charset=[\"']?([\w-]+)", re.IGNORECASE)


def parse_html(data: bytes) -> Parsed:
    """Raises RefusedError for a page that is nested deeper than libxml2's 256 levels or that holds nothing."""
    declared = _CHARSET.search(data[:4096])
    text = decode(data, declared[1].decode() if declared else "")
    text = re.sub(r"\A\s*<\?xml[^>]*\?>", "", text)
    parser = lxml.html.HTMLParser(remove_comments=True, remove_pis=True)
    try:
        root = lxml.html.document_fromstring(text, parser=parser)
    except ParserError as error:
        raise RefusedError("no text", str(error)) from None
    if any("Excessive depth" in entry.message for entry in parser.error_log):
        raise RefusedError("too deep", "elements are nested more than 256 deep")
    return Parsed("\n\n".join(_Writer().write(main_part(root))), title_of(root))


def title_of(root: Element) -> str:
    return one_line(root.findtext(".//title") or "")


def main_part(root: Element) -> Element:
    """The one `main` or `article`, if there is exactly one with text; else the body."""
    for path in (".//main", ".//*[@role='main']", ".//article"):
        found = root.xpath(path)
        if len(found) == 1 and found[0].text_content().strip():
            return found[0]
    body = root.find("body")
    return root if body is None else body


class _Writer:
    """Walks a tree and collects Markdown blocks; text that stands loose in a block element is a paragraph."""

    def __init__(self) -> None:
        self.blocks: list[str] = []
        self.loose: list[str] = []
        self.marker = ""
        self.lists: list[int | None] = []

    def write(self, root: Element) -> list[str]:
        self.walk(root)
        self.flush()
        return self.blocks

    def flush(self) -> None:
        text = one_line("".join(self.loose))
        self.loose.clear()
        if not text:
            return
        if not self.marker:
            self.blocks.append(paragraph(text))
        else:
            item = self.marker + text
            is_next = self.blocks and self.lists and re.match(r"\s*(?:-|\d+\.) ", self.blocks[-1].rsplit("\n", 1)[-1])
            if is_next:
                self.blocks[-1] += "\n" + item
            else:
                self.blocks.append(item)
            self.marker = ""

    def walk(self, node: Element) -> None:
        tag = node.tag
        if not isinstance(tag, str) or is_clutter(node):
            return
        if tag in ("h1", "h2", "h3", "h4", "h5", "h6"):
            self.flush()
            if text := one_line(node.text_content()):
                self.blocks.append(heading(int(tag[1]), text))
        elif tag == "table" and not is_layout(node):
            self.flush()
            self.blocks += _table(node)
        elif tag == "pre":
            self.flush()
            self.blocks.append(f"```\n{node.text_content().strip(chr(10))}\n```")
        elif tag in ("ul", "ol"):
            self.flush()
            self.lists.append(0 if tag == "ol" else None)
            self.descend(node)
            self.flush()
            self.lists.pop()
        elif tag == "li":
            self.item(node)
        elif tag == "br":
            self.loose.append(" ")
        elif tag in BLOCKS:
            self.flush()
            self.descend(node)
            self.flush()
        else:
            self.descend(node)

    def item(self, node: Element) -> None:
        self.flush()
        count = self.lists[-1] if self.lists else None
        if count is not None:
            self.lists[-1] = count = count + 1
        self.marker = "  " * (len(self.lists) - 1) + (f"{count}. " if count else "- ")
        self.descend(node)
        self.flush()
        self.marker = ""

    def descend(self, node: Element) -> None:
        self.loose.append(node.text or "")
        for child in node:
            self.walk(child)
            self.loose.append(child.tail or "")


def is_clutter(node: Element) -> bool:
    """True for what surrounds the article: scripts, forms, menus, page headers and footers, hidden elements."""
    if node.tag in SKIPPED or node.get("hidden") is not None or node.get("aria-hidden") == "true":
        return True
    if node.get("role") in ("navigation", "banner", "contentinfo", "search", "complementary", "dialog"):
        return True
    if re.search(r"display:\s*none", node.get("style") or ""):
        return True
    if node.tag == "header":
        return not node.xpath(".//h1|.//h2|.//h3")
    named = f"{node.get('class') or ''} {node.get('id') or ''}"
    return node.tag in ("div", "section", "ul", "p") and bool(_CLUTTER.search(named)) and not node.xpath(".//h1|.//article")


def is_layout(node: Element) -> bool:
    """A table that arranges a page rather than data: it holds headings or other tables."""
    return bool(node.xpath(".//table|.//h1|.//h2|.//h3"))


def _table(node: Element) -> Iterator[str]:
    caption = node.find("caption")
    if caption is not None and one_line(caption.text_content()):
        yield paragraph(caption.text_content())
    rows = _cells(node)
    if len(rows) > 1 and max(map(len, rows)) > 1:
        yield table(rows)
    else:
        yield from (paragraph(" ".join(row)) for row in rows if any(row))


def _cells(node: Element) -> list[list[str]]:
    """Rows of cell texts; a cell over several rows is repeated in each, one over several columns stands in the first."""
    rows: list[list[str]] = []
    hanging: dict[int, tuple[int, str]] = {}
    for tr in node.xpath(".//tr"):
        row: list[str] = []
        cells = iter(tr.xpath("./td|./th"))
        while True:
            if len(row) in hanging:
                left, text = hanging.pop(len(row))
                if left > 1:
                    hanging[len(row)] = (left - 1, text)
                row.append(text)
                continue
            cell = next(cells, None)
            if cell is None:
                break
            text = one_line(" ".join(_Writer().write(cell)).replace("\n", " "))
            if (down := _span(cell, "rowspan")) > 1:
                hanging[len(row)] = (down - 1, text)
            row += [text, *[""] * (_span(cell, "colspan") - 1)]
        if any(row):
            rows.append(row)
    return rows


def _span(cell: Element, name: str) -> int:
    value = cell.get(name) or "1"
    return min(int(value), 100) if value.isdecimal() and int(value) else 1
