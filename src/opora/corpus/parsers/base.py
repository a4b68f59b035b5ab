"""Contract of a parser: its result, and the reasons why a document is dropped or suspect.

A parser module has one function, `parse(data: bytes, context: ParseContext) -> Reading`, and raises ParseError. It runs
in the sandboxed process. `assembly.assemble` makes a `Parsed` of its reading, which crosses to our process.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from opora.corpus.blocks import Block, LineBox
from opora.corpus.settings import ParseSettings
from opora.errors import OporaError
from opora.records import Scalar
from opora.validation import Record

ContentReason = Literal["empty file", "unsupported format", "encrypted", "corrupt", "no text", "duplicate"]
LimitReason = Literal["too large", "unpacks too large", "nested too deeply", "time limit", "memory limit"]
Reason = ContentReason | LimitReason | Literal["unreadable", "crashed"]
"""Reason for dropping a document."""
SuspectReason = Literal[
    "no text",
    "unreadable text layer",
    "read by OCR",
    "text lost",
    "damaged characters",
    "changed site",
    "unclear columns",
]
"""Reason for distrusting a document or one of its pages."""


class Suspicion(Record):
    """A reason to distrust a document, or one of its pages, with the figure that it rests on."""

    reason: SuspectReason
    page: int = 0
    """Number of the page, from 1; 0 for the whole document."""
    value: float | None = None
    """Figure behind the reason, such as the share of the source's words that were kept, from 0 to 1."""
    detail: str = ""


class Parsed(Record):
    """A document as Markdown."""

    format: str
    title: str = ""
    other_titles: tuple[str, ...] = ()
    """Titles to fall back to if other documents have the same title, best first."""
    text: str = ""
    pages: tuple[int, ...] = ()
    """Offset in `text`, in characters, at which each page begins."""
    lines: tuple[LineBox, ...] = ()
    metadata: dict[str, Scalar] = {}
    suspicions: tuple[Suspicion, ...] = ()
    quality: dict[str, float] = {}
    """Figures on the text, such as the share of the source's words that it keeps, by name."""
    parts: tuple[Part, ...] = ()
    """Documents inside this one: attachments, members of an archive."""


class Part(Record):
    """A document inside another one: parsed, or dropped with a reason."""

    name: str
    id: str
    """Hash of its bytes (hex, 16 digits)."""
    parsed: Parsed | None = None
    reason: Reason | None = None
    detail: str = ""


Parsed.model_rebuild()


@dataclass(frozen=True)
class ParseContext:
    """Information that a parser may need besides the bytes of a document."""

    name: str
    """Name of the file, with its folders if known."""
    settings: ParseSettings
    max_unpacked_bytes: int
    parse_part: Callable[[bytes, str], Part]
    """Parses a document inside this one, given its bytes and name. Never raises ParseError."""
    allow_time: Callable[[float], float] = lambda seconds: math.inf
    """Adds processor time to the limit of this document, for a page to be read by OCR; returns what is left of it, in
    seconds."""


@dataclass
class Reading:
    """A document as its parser read it."""

    blocks: Sequence[Block]
    titles: Sequence[str] = ()
    """Titles that the document gives itself (metadata, title element), best first; unfit ones are sorted out later."""
    source_text: str | None = None
    """All text of the source, by a second, cheap reading; None if the blocks come straight from such a reading."""
    page_count: int = 0
    metadata: dict[str, Scalar] = field(default_factory=dict)
    suspicions: Sequence[Suspicion] = ()
    parts: Sequence[Part] = ()


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
