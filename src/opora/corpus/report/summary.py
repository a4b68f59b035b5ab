"""Figures on a finished corpus for its report, read from its files one document at a time.

summary = summarise(Path("corpus"))
summary.without_headings          # [DocumentRow(source='notes.txt', ...)]
"""

from __future__ import annotations

import heapq
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from opora.artifacts import read_parquet, read_records
from opora.corpus.parsers.base import Dropped, Suspicion
from opora.corpus.reader import DOCUMENTS
from opora.corpus.suspicions import describe_details, describe_suspicions
from opora.records import Document

DROPPED, SUSPECT = "dropped.jsonl", "suspect.jsonl"
MIN_CHARS = 3_000
"""Characters from which a document without headings is worth a word."""
RARE_SHARE = 0.05
"""Maximum share of the documents in a language that is called rare."""
EXTREMES = 5
"""Number of longest and of shortest documents."""
_HEADING = re.compile(r"^#{1,6} ", re.MULTILINE)


class SuspectRow(Suspicion):
    """A row of `suspect.jsonl`: a suspicion and the document that it is about."""

    source: str


class DocumentRow(NamedTuple):
    """Facts on a document. `characters` is the length of its text, `pages` the number of its pages, 0 for none."""

    characters: int
    source: str
    format: str
    language: str
    pages: int
    headings: int


class CorpusSummary(NamedTuple):
    """Facts on a corpus."""

    documents: int
    characters: int
    pages: int
    ocr_pages: int
    formats: Mapping[str, int]
    languages: Mapping[str, int]
    dropped: Mapping[str, list[Dropped]]
    """Reason -> what was left out."""
    suspect: Mapping[str, list[tuple[str, str]]]
    """Reason -> documents, each with the pages and figures of the reason."""
    suspect_texts: Mapping[str, str]
    """Document -> all its suspicions in words."""
    without_headings: list[DocumentRow]
    rare_languages: list[DocumentRow]
    longest: list[DocumentRow]
    shortest: list[DocumentRow]


def summarise(corpus: Path) -> CorpusSummary:
    """Return the summary of the corpus in a folder, which may still be in the making."""
    rows = [_describe(document) for document in read_parquet(corpus / DOCUMENTS, Document)]
    suspicions = list(read_records(corpus / SUSPECT, SuspectRow))
    languages = Counter(row.language for row in rows)
    rare = {code for code, count in languages.items() if count <= RARE_SHARE * len(rows)}
    return CorpusSummary(
        documents=len(rows),
        characters=sum(row.characters for row in rows),
        pages=sum(row.pages for row in rows),
        ocr_pages=sum(row.reason == "read by OCR" and row.page > 0 for row in suspicions),
        formats=dict(Counter(row.format for row in rows).most_common()),
        languages=dict(languages.most_common()),
        dropped=_by_reason(read_records(corpus / DROPPED, Dropped)),
        suspect=_describe_suspect(suspicions),
        suspect_texts=_suspicions_of_documents(suspicions),
        without_headings=[row for row in rows if not row.headings and row.characters >= MIN_CHARS],
        rare_languages=[row for row in rows if row.language in rare],
        longest=heapq.nlargest(EXTREMES, rows),
        shortest=heapq.nsmallest(EXTREMES, rows),
    )


def _describe(document: Document) -> DocumentRow:
    headings = len(_HEADING.findall(document.text))
    name = str(document.metadata.get("format", ""))
    return DocumentRow(len(document.text), document.source, name, document.language, len(document.pages), headings)


def _by_reason(dropped: Iterable[Dropped]) -> dict[str, list[Dropped]]:
    """Group by reason, the most frequent first; duplicates, which need no care, last."""
    groups: dict[str, list[Dropped]] = {}
    for drop in dropped:
        groups.setdefault(drop.reason, []).append(drop)
    return dict(sorted(groups.items(), key=lambda group: (group[0] == "duplicate", -len(group[1]))))


def _suspicions_of_documents(rows: Iterable[SuspectRow]) -> dict[str, str]:
    groups: dict[str, list[Suspicion]] = {}
    for row in rows:
        groups.setdefault(row.source, []).append(row)
    return {source: describe_suspicions(group) for source, group in groups.items()}


def _describe_suspect(rows: Iterable[SuspectRow]) -> dict[str, list[tuple[str, str]]]:
    groups: dict[str, dict[str, list[Suspicion]]] = {}
    for row in rows:
        groups.setdefault(row.reason, {}).setdefault(row.source, []).append(row)
    return {
        reason: [(source, describe_details(suspicions)) for source, suspicions in sources.items()]
        for reason, sources in groups.items()
    }
