"""Spans of documents and their overlap.

In: passages, citations, or other spans of documents. Out: true or false.

    contains(Span("d", 0, 40), Span("d", 10, 30))     # True
"""

from __future__ import annotations

from typing import NamedTuple, Protocol


class DocumentSpan(Protocol):
    """Characters `start:end` of a document, such as a passage or a citation."""

    @property
    def document_id(self) -> str: ...
    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...


class Span(NamedTuple):
    """Characters `start:end` of a document."""

    document_id: str
    start: int
    end: int


def contains(outer: DocumentSpan, inner: DocumentSpan) -> bool:
    """Return true if all of `inner` lies in `outer`."""
    return outer.document_id == inner.document_id and outer.start <= inner.start and inner.end <= outer.end


def overlap(left: DocumentSpan, right: DocumentSpan) -> bool:
    """Return true if the spans share a character."""
    return left.document_id == right.document_id and left.start < right.end and right.start < left.end
