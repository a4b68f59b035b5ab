"""Choice of the blocks by trafilatura (https://trafilatura.readthedocs.io).

Each block's text gets a character of its own, from a block of rare Chinese characters, so that the blocks whose
characters are in the result are those that were chosen, whatever else trafilatura does with the text.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from opora.corpus.parsers.html.blocks import PlacedBlock

if TYPE_CHECKING:
    from lxml.html import HtmlElement

FIRST_MARK, LAST_MARK = 0x20000, 0x2A6D6
MAX_BLOCKS = 20_000
"""Maximum number of blocks of a page that trafilatura sees; it takes a second for 10,000."""
_MARKS = re.compile(f"[{chr(FIRST_MARK)}-{chr(LAST_MARK)}]")


def extract_main(root: HtmlElement, placed: Sequence[PlacedBlock]) -> set[int] | None:
    """Return the indices of the blocks that are the main text; None for pages of too many blocks.

    Leaves marks in the texts of the tree.
    """
    if len(placed) > MAX_BLOCKS:
        return None
    from trafilatura import bare_extraction

    # it logs each page without a main text
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    for index, item in enumerate(placed):
        _mark(item, chr(FIRST_MARK + index))
    document = bare_extraction(root, include_comments=False)
    # without a request for a dictionary it returns a document
    text = "" if document is None else str(document.text)  # type: ignore[union-attr]
    chosen = {ord(mark) - FIRST_MARK for mark in _MARKS.findall(text)}
    chosen = {index for index in chosen if index < len(placed)}
    for index, item in enumerate(placed):
        if not item.nodes and index - 1 in chosen:
            chosen.add(index)
    return chosen


def _mark(item: PlacedBlock, mark: str) -> None:
    for element, part in item.nodes:
        text = _MARKS.sub("", getattr(element, part) or "")
        end = len(text.rstrip())
        setattr(element, part, text[:end] + mark + text[end:])
