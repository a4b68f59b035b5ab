"""What a parser returns, and how it refuses.

In: blocks of text that a parser found. Out: Markdown in which a form feed marks where each page begins.

    Parsed("\\fFirst page.\\n\\n\\fSecond page.", title="Rules", suspect=(3,))
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

Reason = Literal[
    "empty file",
    "corrupt",
    "unsupported format",
    "too large",
    "too deep",
    "time limit",
    "memory limit",
    "crashed",
    "no text",
    "encrypted",
    "duplicate",
    "unreadable",
    "page without text",
]
"""Why a document, or a page of it, is not in the corpus."""

PAGE = "\f"


class Parsed(NamedTuple):
    """`text` is Markdown, `PAGE` before the first character of each page; `suspect` are pages without text, from 1."""

    text: str
    title: str = ""
    suspect: tuple[int, ...] = ()
    metadata: dict[str, str] = {}


class RefusedError(Exception):
    """A document that gives no text, with the typed reason."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(reason, detail)
        self.reason: Reason = reason
        self.detail = detail


def heading(level: int, text: str) -> str:
    return f"{'#' * min(max(level, 1), 6)} {one_line(text)}"


def paragraph(text: str) -> str:
    """Text as a paragraph; a mark at its begin that Markdown would take for a heading or a table row is escaped."""
    line = one_line(text)
    return re.sub(rf"^({PAGE}?)(#{{1,6}} |\||```)", r"\1\\\2", line)


def table(rows: Sequence[Sequence[str]]) -> str:
    """A pipe table, the first row its header; short rows are filled up, pipes inside cells escaped."""
    width = max(map(len, rows))
    lines = [_row([*row, *[""] * (width - len(row))]) for row in rows]
    return "\n".join([lines[0], _row(["---"] * width), *lines[1:]])


def one_line(text: str) -> str:
    """White space as single spaces; page marks stay."""
    return re.sub(rf"[^\S{PAGE}]+", " ", text).strip(" ")


def _row(cells: Sequence[str]) -> str:
    # a page begins before a row, not inside a cell
    marks = PAGE * sum(cell.count(PAGE) for cell in cells)
    return marks + "| " + " | ".join(one_line(cell.replace(PAGE, "")).replace("|", "\\|") for cell in cells) + " |"
