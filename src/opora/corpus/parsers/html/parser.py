"""Parser of HTML: headings, lists, tables and paragraphs of the content, without menus, banners and hidden elements."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from opora.corpus.blocks import Block
from opora.corpus.parsers.base import ParseContext, Reading, Suspicion
from opora.corpus.parsers.html.blocks import read_blocks
from opora.corpus.parsers.html.bold import mark_bold_headings
from opora.corpus.parsers.html.content.choice import PageContent, choose_content
from opora.corpus.parsers.html.metadata import MAX_FACT, rank_page_titles, read_metadata, read_titles
from opora.corpus.parsers.html.styles import Styles
from opora.corpus.parsers.html.tree import clean_tree, read_tree, visible_text
from opora.corpus.parsers.sites.base import PageChanged, SitePage
from opora.corpus.parsers.sites.registry import find_site, read_site_page
from opora.corpus.parsers.text.encoding import decode
from opora.records import Scalar

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_CHARSET = re.compile(rb"""<(?:meta|\?xml)[^>]*?(?:charset|encoding)\s*=\s*["']?\s*([\w.:-]{2,40})""", re.IGNORECASE)
HEAD_BYTES = 65_536
"""First bytes in which a page declares its encoding."""


def parse(data: bytes, context: ParseContext) -> Reading:
    """Parse HTML. Raises ParseError if there is no text, or elements are nested too deeply."""
    return read_page(data)


def read_page(data: bytes, charset: str | None = None, url: str = "") -> Reading:
    """Read a page. `charset` and `url` are those that are stated outside of it, as in an MHTML file."""
    root = read_tree(decode(data, charset or declared_charset(data)))
    metadata, titles = read_metadata(root, data), read_titles(root)
    if url:
        metadata["url"] = url[:MAX_FACT]
    styles = Styles(root)
    page, changed = _read_site(str(metadata.get("url", "")), root)
    if page is not None:
        return _from_site(page, metadata, titles, styles)
    clean_tree(root, styles)
    source_text = visible_text(root)
    choice = choose_content(root, read_blocks(root))
    return Reading(
        mark_bold_headings(choice.blocks),
        titles=rank_page_titles(titles, choice.blocks, styles.centred),
        source_text=source_text,
        metadata=metadata,
        suspicions=[*changed, *_suspicions(choice)],
    )


def read_whole(data: bytes, charset: str | None = None) -> tuple[list[Block], str]:
    """Return all blocks of a page that is content as a whole, such as a chapter of a book or a letter, and its text."""
    root = read_tree(decode(data, charset or declared_charset(data)))
    clean_tree(root, Styles(root))
    text = visible_text(root)
    return mark_bold_headings(read_blocks(root)), text


def declared_charset(data: bytes) -> str | None:
    """Return the encoding that a page declares in itself; one that is not UTF-8, if it declares several."""
    charsets = [match.decode("ascii", "replace") for match in _CHARSET.findall(data[:HEAD_BYTES])]
    # archives of the web insert a declaration of their own
    return next((charset for charset in charsets if not charset.lower().startswith("utf")), None) or next(
        iter(charsets), None
    )


def _read_site(url: str, root: HtmlElement) -> tuple[SitePage | None, list[Suspicion]]:
    """Read the page by the parser of its site, if there is one; a page that does not fit it is suspect."""
    site = find_site(url, root)
    if site is None:
        return None, []
    try:
        return read_site_page(site, root), []
    except PageChanged as error:
        detail = f"the page lacks the {error} that pages of {site.name} had; it was read as any other page"
        return None, [Suspicion(reason="changed site", detail=detail)]


def _from_site(page: SitePage, metadata: dict[str, Scalar], titles: list[str], styles: Styles) -> Reading:
    clean_tree(page.content, styles)
    source_text = visible_text(page.content)
    blocks = mark_bold_headings(read_blocks(page.content))
    facts = {**metadata, **{name: fact for name, fact in page.facts.items() if fact}}
    return Reading(
        blocks, titles=[title for title in (page.title, *titles) if title], source_text=source_text, metadata=facts
    )


def _suspicions(choice: PageContent) -> list[Suspicion]:
    if not choice.is_lost:
        return []
    detail = "the main text could not be told from what stands around it; all but menus was read"
    return [Suspicion(reason="text lost", value=round(choice.kept or 0.0, 3), detail=detail)]
