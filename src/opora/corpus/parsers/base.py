"""What a parser makes of a document, and why it may make nothing of it.

In: nothing. Out: the two records that cross from the parsing process to ours.
"""

from __future__ import annotations

from typing import Literal

from opora.errors import OporaError
from opora.validation import Record

Reason = Literal[
    "empty file",
    "unsupported format",
    "too large",
    "unpacks too large",
    "nested too deeply",
    "encrypted",
    "corrupt",
    "no text",
    "time limit",
    "memory limit",
    "crashed",
    "unreadable",
    "duplicate",
]
"""Why a document is dropped."""

Format = Literal["pdf", "docx", "html", "markdown", "text"]


class Parsed(Record):
    """A document as Markdown. `pages`: offsets in `text`, in characters, at which its pages begin; `suspect_pages`:
    numbers, from 1, of pages that hold no text."""

    format: Format
    title: str
    text: str
    pages: tuple[int, ...] = ()
    suspect_pages: tuple[int, ...] = ()


class Dropped(Record):
    """A document that is not in the corpus, and why."""

    source: str
    id: str
    reason: Reason
    detail: str = ""


class ParseError(OporaError):
    """Raised by parsers: the document cannot be read, for a reason of the list."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason: Reason = reason
        self.detail = detail
