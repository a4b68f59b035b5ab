"""The report of a corpus: one HTML page without scripts and remote resources, and lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import resources
from typing import Any

import yaml

from opora.corpus.report.summary import CorpusSummary
from opora.text.language_pack import DEFAULT_LANGUAGE
from opora.text.resources import language_text

PAGE, TEMPLATE, TEXTS = "report.html", "report.html.jinja", "ingest.yaml"
MAX_LINES = 8
"""Dropped documents, and suspect ones, that the terminal names."""


def render_page(summary: CorpusSummary, passages: int) -> str:
    """Return the page, in the language of most documents if opora has texts in it."""
    from jinja2 import Environment, StrictUndefined

    language = next(iter(summary.languages), DEFAULT_LANGUAGE)
    texts = read_texts(language)
    environment = Environment(undefined=StrictUndefined, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["number"] = lambda value: f"{value:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
    template = environment.from_string(resources.files(__package__).joinpath(TEMPLATE).read_text(encoding="utf-8"))
    return template.render(
        s=summary, passages=passages, t=texts["page"], reasons=texts["reason"], suspicions=texts["suspect"],
        language=language if language_text(language, TEXTS) else DEFAULT_LANGUAGE,
    )  # fmt: skip


def read_texts(language: str) -> Mapping[str, Any]:
    """Return the texts of the report in a language, English where there are none."""
    texts: Mapping[str, Any] = yaml.safe_load(language_text(language, TEXTS) or language_text(DEFAULT_LANGUAGE, TEXTS))
    return texts


def summary_lines(summary: CorpusSummary) -> Iterator[str]:
    """Yield the lines that a command ends with: what was left out, what is suspect, what looks odd."""
    dropped = [
        f"dropped: {drop.source} ({drop.reason}{drop.detail and ': ' + drop.detail})"
        for reason, group in summary.dropped.items()
        if reason != "duplicate"
        for drop in group
    ]
    suspect = dict.fromkeys(
        f"suspect: {source}: {text}" for group in summary.suspect.values() for source, text in group
    )
    for lines in (dropped, list(suspect)):
        yield from (f"  {line[:200]}" for line in lines[:MAX_LINES])
        if len(lines) > MAX_LINES:
            yield f"  and {len(lines) - MAX_LINES} more {lines[0].partition(':')[0]}"
    if bare := summary.without_headings:
        yield f"  without headings: {len(bare)} of {summary.documents} documents, such as {bare[0].source}"
    if rare := summary.rare_languages:
        names = ", ".join(sorted({row.language for row in rare}))
        yield f"  rare languages: {names} in {len(rare)} documents, such as {rare[0].source}; check ingest.languages"
