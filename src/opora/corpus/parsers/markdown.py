"""Small pieces of Markdown that all parsers write alike, and clean text.

markdown_table([["Pump", "Flow"], ["A-1", "12.5"]])      # '| Pump | Flow |\\n|---|---|\\n| A-1 | 12.5 |'
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))
_SPACES = re.compile(r"[^\S\n]+")


def clean(text: str) -> str:
    """NFC, no soft hyphens or zero-width characters, no control characters, white space as single blanks."""
    text = unicodedata.normalize("NFC", text).translate(_INVISIBLE).replace("\r\n", "\n").replace("\r", "\n")
    text = "".join(" " if unicodedata.category(each) == "Cc" and each != "\n" else each for each in text)
    return _SPACES.sub(" ", text)


def one_line(text: str) -> str:
    """Clean text without line breaks."""
    return " ".join(clean(text).split())


def markdown_table(rows: Sequence[Sequence[str]]) -> str:
    """A pipe table whose first row is its header; short rows are filled up. Empty rows are left out."""
    cells = [[one_line(cell).replace("|", "\\|") for cell in row] for row in rows]
    cells = [row for row in cells if any(row)]
    if not cells:
        return ""
    width = max(map(len, cells))
    lines = [f"| {' | '.join(row + [''] * (width - len(row)))} |" for row in cells]
    return "\n".join([lines[0], "|" + "---|" * width, *lines[1:]])


def title_of(text: str) -> str:
    """The first heading of a Markdown text, or nothing."""
    match = re.search(r"^#{1,6}[ \t]+(.+?)[ \t]*#*$", text, re.MULTILINE)
    return match[1] if match else ""


def join_blocks(blocks: Sequence[str]) -> str:
    """Blocks of Markdown with a blank line between them."""
    return "\n\n".join(block for block in blocks if block.strip())
