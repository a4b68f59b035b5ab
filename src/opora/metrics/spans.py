"""Spans of documents, such as passages and citations, and their overlap."""

from __future__ import annotations

from typing import NamedTuple

from opora.records import Citation, Passage


class Span(NamedTuple):
    """Characters `start:end` of a document."""

    document_id: str
    start: int
    end: int


DocumentSpan = Passage | Citation | Span


def contains(outer: DocumentSpan, inner: DocumentSpan) -> bool:
    """Return true if all of `inner` lies in `outer`."""
    return outer.document_id == inner.document_id and outer.start <= inner.start and inner.end <= outer.end


def overlap(left: DocumentSpan, right: DocumentSpan) -> bool:
    """Return true if the spans share a character."""
    return left.document_id == right.document_id and left.start < right.end and right.start < left.end
