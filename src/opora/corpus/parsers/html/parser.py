"""Parser of HTML: headings, lists, tables and paragraphs of the content, without menus, banners and hidden elements."""

from __future__ import annotations

import re

from opora.corpus.parsers.base import ParseContext, Reading, Suspicion
from opora.corpus.parsers.html.blocks import read_blocks
from opora.corpus.parsers.html.choice import Choice, choose_content
from opora.corpus.parsers.html.metadata import content_titles, read_metadata, read_titles
from opora.corpus.parsers.html.styles import Styles
from opora.corpus.parsers.html.tree import clean_tree, read_tree, visible_text
from opora.corpus.parsers.text.encoding import decode

_CHARSET = re.compile(rb"""<(?:meta|\?xml)[^>]*?(?:charset|encoding)\s*=\s*["']?\s*([\w.:-]{2,40})""", re.IGNORECASE)
HEAD_BYTES = 4096
"""First bytes in which a page declares its encoding."""


def parse(data: bytes, context: ParseContext) -> Reading:
    """Parse HTML. Raises ParseError if there is no text, or elements are nested too deeply."""
    return read_page(data)


def read_page(data: bytes, charset: str | None = None) -> Reading:
    """Read a page. `charset` is the encoding that is declared outside of it, as in a letter."""
    declared = charset or declared_charset(data)
    root = read_tree(decode(data, declared))
    metadata, titles = read_metadata(root, data), read_titles(root)
    styles = Styles(root)
    clean_tree(root, styles)
    source_text = visible_text(root)
    choice = choose_content(root, read_blocks(root))
    headings, centred = content_titles(choice.blocks, styles.centred)
    return Reading(
        [item.block for item in choice.blocks],
        titles=[*titles[:-1], *headings, *titles[-1:], *centred],
        source_text=source_text,
        metadata=metadata,
        suspicions=_suspicions(choice),
    )


def declared_charset(data: bytes) -> str | None:
    """Return the encoding that a page declares in itself."""
    match = _CHARSET.search(data[:HEAD_BYTES])
    return match[1].decode("ascii", "replace") if match else None


def _suspicions(choice: Choice) -> list[Suspicion]:
    if not choice.is_lost:
        return []
    detail = "the main text could not be told from what stands around it; all but menus was read"
    return [Suspicion(reason="text lost", value=round(choice.kept or 0.0, 3), detail=detail)]
