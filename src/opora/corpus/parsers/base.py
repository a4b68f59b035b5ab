"""Contract of a parser: its result, and the reasons why a document is dropped.

A parser module has one function, `parse(data: bytes) -> Parsed`, and raises ParseError. The records cross from the
sandboxed process to ours.
"""

from __future__ import annotations

from typing import Literal

from opora.errors import OporaError
from opora.validation import Record

ContentReason = Literal["empty file", "unsupported format", "encrypted", "corrupt", "no text", "duplicate"]
LimitReason = Literal["too large", "unpacks too large", "nested too deeply", "time limit", "memory limit"]
Reason = ContentReason | LimitReason | Literal["unreadable", "crashed"]
"""Reason for dropping a document."""


class Parsed(Record):
    """A document as Markdown.

    `format` is filled in by the registry. `pages` holds the offset in `text`, in characters, at which each page begins;
    `suspect_pages` the numbers, from 1, of pages without text.
    """

    format: str = ""
    title: str
    text: str
    pages: tuple[int, ...] = ()
    suspect_pages: tuple[int, ...] = ()


class Dropped(Record):
    """A document that is not in the corpus, and the reason."""

    source: str
    id: str
    reason: Reason
    detail: str = ""


class ParseError(OporaError):
    """The document cannot be parsed, for one of the reasons."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason: Reason = reason
        self.detail = detail
