"""The element tree of a page, without scripts, controls and hidden elements."""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import copy
from typing import TYPE_CHECKING

from lxml import etree, html

from opora.corpus.parsers.base import ParseError
from opora.corpus.parsers.elements.scripts import SCRIPTS, write_script
from opora.corpus.parsers.html.markup import clean_markup
from opora.corpus.parsers.html.styles import Styles

if TYPE_CHECKING:
    from lxml.html import HtmlElement

UNREAD = (
    "script style template svg canvas iframe object embed applet audio video map head select button textarea input"
    " datalist dialog noframes annotation annotation-xml rp rt"
).split()
"""Elements whose text nobody reads on the page."""
BLOCKS = frozenset(
    "address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption figure"
    " footer form h1 h2 h3 h4 h5 h6 header hgroup hr html li legend main menu nav ol optgroup option p pre search"
    " section summary table tbody td tfoot th thead tr ul".split()
)
"""Elements that begin and end a line."""
MAX_SCRIPT = 6
"""Maximum length of a number that is raised or lowered, in characters."""
MIN_FORM_WORDS = 100
"""Minimum number of words of a form that is read even if it is a small part of the page."""
AROUND = frozenset(("nav", "footer", "aside"))
"""Elements that hold no content."""
MAX_HIDDEN = 0.7
"""Maximum share of a page's words in a hidden element that is left out."""
_BLOCK_STYLE = re.compile(r"display\s*:\s*(?:block|flex|table|list|grid)", re.IGNORECASE)


def read_tree(text: str) -> HtmlElement:
    """Return the root of the page. Raises ParseError if it is empty or nested too deeply."""
    # the parser refuses a text with an XML declaration
    text = clean_markup(re.sub(r"^\s*<\?xml[^>]*\?>", "", text))
    parser = html.HTMLParser(remove_comments=True, remove_pis=True, huge_tree=True)
    try:
        root: HtmlElement = html.document_fromstring(text, parser=parser)
    except (etree.ParserError, ValueError) as error:
        raise ParseError("no text", str(error)) from None
    if any("depth" in entry.message.lower() for entry in parser.error_log):
        raise ParseError("nested too deeply", "elements more than 2048 levels deep")
    return root


def clean_tree(root: HtmlElement, styles: Styles) -> None:
    """Remove from the tree, in place, what a reader of the page does not see, and small forms."""
    etree.strip_elements(root, *UNREAD, with_tail=False)
    for element in root.iter(etree.Element):
        if ":" in element.tag:
            # elements of other namespaces, such as `o:p` of Word
            element.tag = "span"
    _write_scripts(root, styles)
    _show_addresses(root)
    _remove_noscript(root)
    visible = _words(root)
    # a page that shows itself by a script is hidden as a whole
    for element in list(_outermost_hidden(root, styles)):
        if element is not root and _words(element) < MAX_HIDDEN * visible:
            element.drop_tree()
    for form in list(root.iter("form")):
        words = _words(form)
        if words < MIN_FORM_WORDS and words < 0.5 * visible and form.find(".//h1") is None:
            form.drop_tree()
        else:
            form.tag = "div"


def _remove_noscript(root: HtmlElement) -> None:
    """Remove what is shown without scripts, unless there is no other text."""
    if root.find(".//noscript") is None:
        return
    without = copy(root)
    etree.strip_elements(without, "noscript", with_tail=False)
    if without.text_content().strip():
        etree.strip_elements(root, "noscript", with_tail=False)


def _write_scripts(root: HtmlElement, styles: Styles) -> None:
    """Write raised and lowered numbers as such."""
    for element in root.iter("sup", "sub", "span"):
        script = styles.script_of(element)
        if not script or len(element) > 1 or any(len(child) for child in element):
            continue
        text = "".join(element.itertext()).strip()
        if len(text) <= MAX_SCRIPT and write_script(text, script) != text:
            for node in element.iter():
                node.text = node.text and node.text.strip().translate(SCRIPTS[script])
                if node is not element:
                    node.tail = node.tail and node.tail.strip().translate(SCRIPTS[script])


def _show_addresses(root: HtmlElement) -> None:
    """Write e-mail addresses that Cloudflare hides from robots: bytes combined with the first one by exclusive or."""
    for element in root.iterfind(".//*[@data-cfemail]"):
        try:
            key, *address = bytes.fromhex(element.get("data-cfemail", "")[:400])
            text = bytes(byte ^ key for byte in address).decode()
        except (ValueError, UnicodeDecodeError):
            continue
        if text.isprintable():
            tail = element.tail
            element.clear()
            element.text, element.tail = text, tail


def _outermost_hidden(root: HtmlElement, styles: Styles) -> Iterator[HtmlElement]:
    walker = etree.iterwalk(root, events=("start",))
    for _, element in walker:
        if styles.is_hidden(element):
            yield element
            walker.skip_subtree()


def inline_text(element: HtmlElement, br: str = " ") -> str:
    """Return the text of an element; a block inside it separates words."""
    pieces: list[str] = []
    for event, child in etree.iterwalk(element, events=("start", "end")):
        is_own = child is element
        if event == "start":
            if child.tag == "br":
                pieces.append(br)
            elif not is_own and ends_line(child):
                pieces.append(" ")
            if pieces and is_word_end(pieces[-1], child, child.text):
                pieces.append(" ")
            pieces.append(child.text or "")
        elif not is_own:
            if ends_line(child) or (pieces and is_word_end(pieces[-1], child, child.tail)):
                pieces.append(" ")
            pieces.append(child.tail or "")
    return "".join(pieces)


def is_word_end(before: str, element: HtmlElement, after: str | None) -> bool:
    """Return True if an inline box parts two words without a blank: `д. 20<span>Тел.</span>`."""
    if element.tag not in ("span", "a", "label") or not after or not before:
        return False
    return (before[-1].isdigit() or before[-1].islower()) and after[0].isupper() and after[1:2].islower()


def ends_line(element: HtmlElement) -> bool:
    """Return True if the text of an element stands on lines of its own."""
    if element.tag in BLOCKS:
        return True
    style = element.get("style") or ""
    return "display" in style and bool(_BLOCK_STYLE.search(style))


def visible_text(root: HtmlElement) -> str:
    """Return the text of a cleaned tree outside of links, menus and footers, as a second, cheap reading."""
    return " ".join(_visible_pieces(root))


def _visible_pieces(root: HtmlElement) -> Iterator[str]:
    walker = etree.iterwalk(root, events=("start", "end"))
    for event, element in walker:
        if event == "start":
            if element.tag in AROUND or (element.tag == "a" and element.get("href")):
                walker.skip_subtree()
            elif element.text:
                yield element.text
        elif element.tail and element is not root:
            yield element.tail


def _words(element: HtmlElement) -> int:
    return len(" ".join(element.itertext()).split())
