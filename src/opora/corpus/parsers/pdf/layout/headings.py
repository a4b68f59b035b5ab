"""Headings among the drafts of a document, and their levels.

A heading is named by the outline or by a table of contents, or it stands out: larger letters, bold letters, or capitals
in the middle. Levels come from the outline, else from size, weight and the depth of the number.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from opora.corpus.blocks import MAX_LEVEL
from opora.corpus.parsers.pdf.layout.drafts import BlockDraft
from opora.corpus.parsers.pdf.layout.lines import Line
from opora.corpus.parsers.pdf.layout.marks import OutlineEntry
from opora.corpus.parsers.pdf.layout.metrics import Metrics

HEADING_SIZE = 1.12
"""Size of the letters of a heading, in sizes of the body, at least."""
MAX_CHARS, MAX_BOLD_CHARS, MAX_LINES = 250, 150, 5
MAX_BOLD_SHARE = 0.35
"""Share of bold characters of a document from which bold letters mean nothing."""
MAX_RUN = 6
"""Number of headings of one style that follow each other without text, from which they are none."""
MIN_OUTLINE = 3
"""Number of headings found in the outline from which it decides the levels of other headings."""

_NUMBERED = re.compile(r"(?:[^\W\d_]+\s)?(\d{1,3}(?:\.\d{1,3})*)[.)]?\s")
_KEY = re.compile(r"[\W_]+")


class _Style(NamedTuple):
    size: float
    bold: bool
    capitals: bool


def find_headings(drafts: Sequence[BlockDraft], metrics: Metrics, outline: Iterable[OutlineEntry]) -> dict[int, int]:
    """Return the level of each heading by the id (`id(draft)`) of its draft."""
    entries: defaultdict[str, list[OutlineEntry]] = defaultdict(list)
    for entry in outline:
        entries[title_key(entry.title)].append(entry)
    matched = {id(draft): match for draft in drafts if (match := _entry_of(draft, entries))}
    found = [draft for draft in drafts if id(draft) in matched or _stands_out(draft, metrics)]
    found = _without_long_runs(drafts, found, matched)
    return _levels(found, matched)


def title_key(title: str) -> str:
    """Return the letters and digits of a title, folded, so that titles compare equal however they are set."""
    return _KEY.sub("", title).casefold()


def _entry_of(draft: BlockDraft, entries: dict[str, list[OutlineEntry]]) -> OutlineEntry | None:
    if draft.kind != "text" or len(draft.lines) > MAX_LINES:
        return None
    key = title_key(draft.text)
    unnumbered = title_key(_NUMBERED.sub("", draft.text, count=1))
    candidates = entries.get(key, []) + (entries.get(unnumbered, []) if unnumbered != key else [])
    if len(key) < 3:
        return None
    page = draft.lines[0].page
    return next((entry for entry in candidates if entry.page == 0 or abs(entry.page - page) <= 1), None)


def _stands_out(draft: BlockDraft, metrics: Metrics) -> bool:
    text = draft.text
    if draft.kind != "text" or len(text) > MAX_CHARS or len(draft.lines) > MAX_LINES:
        return False
    if (draft.mark and draft.mark.is_bullet) or sum(map(str.isalpha, text)) < 3:
        return False
    if text.endswith((",", ";")) or (text[:1].islower() and not draft.mark):
        return False
    if min(line.size for line in draft.lines) >= HEADING_SIZE * metrics.body:
        return not (text.endswith(".") and len(text) > MAX_BOLD_CHARS)
    if len(text) > MAX_BOLD_CHARS or draft.lines[0].size < 0.9 * metrics.body:
        return False
    if text.isupper() and all(_is_centred(line, metrics) for line in draft.lines):
        return True
    if not all(line.bold for line in draft.lines) or metrics.bold_share > MAX_BOLD_SHARE:
        return False
    return not text.endswith((":", ".")) or (text.endswith(".") and bool(_NUMBERED.match(text)))


def _is_centred(line: Line, metrics: Metrics) -> bool:
    region = metrics.regions[line.region]
    left, right = line.x0 - line.left, line.right - line.x1
    return region.width > 12 * line.size and left > 2 * line.size and abs(left - right) < 2 * line.size


def _without_long_runs(
    drafts: Sequence[BlockDraft], found: list[BlockDraft], matched: dict[int, OutlineEntry]
) -> list[BlockDraft]:
    """Return the headings without long runs of one style: lists and tables of bold lines."""
    ids = {id(draft) for draft in found}
    runs: list[list[BlockDraft]] = [[]]
    for draft in drafts:
        is_heading = id(draft) in ids
        if not is_heading or (runs[-1] and _style(runs[-1][-1]) != _style(draft)):
            runs.append([])
        if is_heading:
            runs[-1].append(draft)
    dropped = {id(draft) for run in runs if len(run) >= MAX_RUN for draft in run if id(draft) not in matched}
    return [draft for draft in found if id(draft) not in dropped]


def _style(draft: BlockDraft) -> _Style:
    size = Counter(round(2 * line.size) / 2 for line in draft.lines).most_common(1)[0][0]
    return _Style(size, all(line.bold for line in draft.lines), draft.text.isupper())


def _levels(found: Sequence[BlockDraft], matched: dict[int, OutlineEntry]) -> dict[int, int]:
    styles = sorted({_style(draft) for draft in found}, key=lambda style: (-style.size, -style.bold, -style.capitals))
    ranks = {style: rank for rank, style in enumerate(styles, 1)}
    depths: defaultdict[_Style, list[int]] = defaultdict(list)
    for draft in found:
        if depth := _depth(draft):
            depths[_style(draft)].append(depth)
    levels: dict[int, int] = {}
    known: defaultdict[_Style, Counter[int]] = defaultdict(Counter)
    for draft in found:
        style, depth = _style(draft), _depth(draft)
        levels[id(draft)] = ranks[style] + (depth - min(depths[style]) if depth else 0)
        if id(draft) in matched:
            known[style][matched[id(draft)].level] += 1
    if len(matched) >= MIN_OUTLINE:
        largest = max(style.size for style in known)
        deepest = max(entry.level for entry in matched.values())
        for draft in found:
            style, entry = _style(draft), matched.get(id(draft))
            usual = known[style].most_common(1)[0][0] if known[style] else 1 if style.size > largest else deepest + 1
            levels[id(draft)] = entry.level if entry else usual
    return {key: max(1, min(MAX_LEVEL, level)) for key, level in levels.items()}


def _depth(draft: BlockDraft) -> int:
    match = _NUMBERED.match(draft.text)
    return match[1].count(".") + 1 if match else 0
