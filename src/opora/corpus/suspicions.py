"""Suspicions in words: for the metadata of documents and passages, the report and warnings.

describe_suspicions([Suspicion(reason="read by OCR", page=2), Suspicion(reason="read by OCR", page=3)])
# 'read by OCR (pages 2-3)'
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence

from opora.corpus.parsers.base import Suspicion
from opora.records import Document, Passage


def describe_suspicions(suspicions: Iterable[Suspicion]) -> str:
    """Return all suspicions in one line: each reason once, with its pages and its worst figure."""
    by_reason: dict[str, list[Suspicion]] = {}
    for suspicion in suspicions:
        by_reason.setdefault(suspicion.reason, []).append(suspicion)
    return "; ".join(_describe(reason, group) for reason, group in by_reason.items())


def mark_suspect(passage: Passage, document: Document, suspicions: Sequence[Suspicion]) -> Passage:
    """Return the passage with `suspect` in its metadata if its document, or a page that it is on, is suspect."""
    first = bisect_right(document.pages, passage.start)
    last = bisect_right(document.pages, passage.end - 1)
    concerned = [suspicion for suspicion in suspicions if suspicion.page == 0 or first <= suspicion.page <= last]
    if not concerned:
        return passage
    return passage.model_copy(update={"metadata": {**passage.metadata, "suspect": describe_suspicions(concerned)}})


def _describe(reason: str, group: Sequence[Suspicion]) -> str:
    details = describe_details(group)
    return f"{reason} ({details})" if details else reason


def describe_details(group: Sequence[Suspicion]) -> str:
    """Return pages, detail and worst figure of suspicions that have the same reason."""
    pages = format_pages({suspicion.page for suspicion in group if suspicion.page})
    values = [suspicion.value for suspicion in group if suspicion.value is not None]
    details = dict.fromkeys(suspicion.detail for suspicion in group if suspicion.detail)
    notes = [pages, *(list(details) if len(details) == 1 else [])]
    if values and not any(letter.isdigit() for letter in "".join(notes[1:])):
        notes.append(f"{min(values):.0%}" if min(values) <= 1 else f"{min(values):g}")
    return ", ".join(filter(None, notes))


def format_pages(pages: Iterable[int]) -> str:
    """Return page numbers as ranges: `pages 2-4, 7`, or `page 7`; empty without pages."""
    ranges: list[list[int]] = []
    for page in sorted(set(pages)):
        if ranges and page == ranges[-1][1] + 1:
            ranges[-1][1] = page
        else:
            ranges.append([page, page])
    texts = [str(first) if first == last else f"{first}-{last}" for first, last in ranges]
    plural = "pages" if len(ranges) > 1 or (ranges and ranges[0][0] != ranges[0][1]) else "page"
    return f"{plural} {', '.join(texts)}" if texts else ""
