"""The report of a corpus: one HTML page without scripts and remote resources, and lines for a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources
from typing import Any

import yaml

from opora.corpus.report.summary import CorpusSummary
from opora.text.language_pack import DEFAULT_LANGUAGE
from opora.text.resources import language_text

PAGE, TEMPLATE, TEXTS = "report.html", "report.html.jinja", "ingest.yaml"
MAX_LINES, MAX_WIDTH = 3, 200
"""Lines on dropped documents, and on suspect ones, in a terminal, and their length in characters."""
_CODE = re.compile(r"`([^`]+)`")


def render_page(summary: CorpusSummary, passages: int) -> str:
    """Return the page, in the language of most documents if opora has texts in it."""
    from jinja2 import Environment, StrictUndefined

    language = next(iter(summary.languages), DEFAULT_LANGUAGE)
    texts = read_texts(language)
    environment = Environment(undefined=StrictUndefined, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["number"] = lambda value: f"{value:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
    environment.filters["code"] = _mark_code
    template = environment.from_string(resources.files(__package__).joinpath(TEMPLATE).read_text(encoding="utf-8"))
    return template.render(
        s=summary, passages=passages, t=texts["page"], reasons=texts["reason"], suspicions=texts["suspect"],
        language=language if language_text(language, TEXTS) else DEFAULT_LANGUAGE,
    )  # fmt: skip


def _mark_code(text: str) -> str:
    """Return HTML of a text in which commands stand between backticks."""
    from markupsafe import Markup, escape

    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))


def read_texts(language: str) -> Mapping[str, Any]:
    """Return the texts of the report in a language, English where there are none."""
    texts: Mapping[str, Any] = yaml.safe_load(language_text(language, TEXTS) or language_text(DEFAULT_LANGUAGE, TEXTS))
    return texts


def summary_lines(summary: CorpusSummary) -> Iterator[str]:
    """Yield the few lines that a command ends with: what was left out, what is suspect, what looks odd."""
    dropped = [
        f"dropped: {drop.source} ({drop.reason}{drop.detail and ': ' + drop.detail})"
        for reason, group in summary.dropped.items()
        if reason != "duplicate"
        for drop in group
    ]
    yield from _first(dropped, "dropped")
    yield from _first([f"suspect: {source}: {text}" for source, text in summary.suspect_texts.items()], "suspect")
    odd = []
    if bare := summary.without_headings:
        odd.append(f"no headings in {_count(bare)}, such as {bare[0].source}")
    if rare := summary.rare_languages:
        names = ", ".join(sorted({row.language for row in rare}))
        odd.append(f"language {names} in {_count(rare)}, such as {rare[0].source} (see ingest.languages)")
    yield from (f"  check: {text}" for text in odd)


def _first(lines: Sequence[str], word: str) -> Iterator[str]:
    """Yield the first lines, and the number of those left out."""
    shown = len(lines) if len(lines) <= MAX_LINES else MAX_LINES - 1
    yield from (f"  {line[:MAX_WIDTH]}" for line in lines[:shown])
    if shown < len(lines):
        yield f"  {word}: {len(lines) - shown} more"


def _count(rows: Sequence[object]) -> str:
    return f"{len(rows)} document{'s' if len(rows) > 1 else ''}"
