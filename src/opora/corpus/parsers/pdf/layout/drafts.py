"""Drafts of blocks: which lines of a region belong together, and which drafts go on in the next column or page."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from opora.corpus.parsers.pdf.layout.hyphens import HYPHENS
from opora.corpus.parsers.pdf.layout.lines import Line
from opora.corpus.parsers.pdf.layout.marks import ItemMark, is_caption, item_mark
from opora.corpus.parsers.pdf.layout.metrics import Metrics, RegionMetrics

PARAGRAPH_STEP = 1.3
"""Distance of base lines that starts a new paragraph, in usual distances of the region."""
INDENT = 0.7
"""Indent that starts a new paragraph, in letter sizes."""
MAX_HEADING_LINES = 3
"""Number of lines of a heading that its letters alone tell from the text below, at most."""
SIZE_STEP = 1.1
"""Ratio of letter sizes that starts a new paragraph."""
NOTE_SIZE = 0.93
"""Largest size of the letters of a footnote, in sizes of the body."""
NOTE_STEP = 2.2
"""Distance of base lines that ends the footnotes of a page, in letter sizes."""
MIN_PROSE_WIDTH = 12
"""Width of a region whose sentences may go on with a capital in another one, in letter sizes, at least."""
SHORT_LINE = 0.75
"""Share of the width of its region that a line does not reach if its paragraph ends there on purpose."""

_ENDS = re.compile(r"[.!?:;…][\"»”’)\]]*\s*[⁰¹²³⁴⁵⁶⁷⁸⁹]*$")
_NOTE_MARK = re.compile(r"(?:\d{1,3}|[*†‡§]{1,3}|[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,3})(?:\)|\s)\s*(?=\S)")


@dataclass(slots=True)
class BlockDraft:
    """Lines of a block. `is_open` tells that the text may go on after the end of its region."""

    kind: Literal["text", "note", "caption"]
    lines: list[Line]
    mark: ItemMark | None = None
    note_mark: str = ""
    is_open: bool = False

    @property
    def text(self) -> str:
        """Text of the lines, as they stand."""
        return " ".join(line.text for line in self.lines)


def draft_region(
    lines: Sequence[Line], metrics: Metrics, rules: Sequence[tuple[float, float, float]]
) -> list[BlockDraft]:
    """Return the drafts of the lines of one region; `rules` are short horizontal rulings of its page: x0, x1, y."""
    if lines[0].apart:
        return [BlockDraft("note", list(lines))]
    region = metrics.regions[lines[0].region]
    body, notes = _split_notes(lines, metrics, rules)
    drafts = list(_paragraphs(body, region))
    if drafts:
        drafts[-1].is_open = _goes_on(drafts[-1], region)
    return drafts + list(_notes(notes))


def _split_notes(
    lines: Sequence[Line], metrics: Metrics, rules: Sequence[tuple[float, float, float]]
) -> tuple[list[Line], list[Line]]:
    """Return the body of a region, and the footnotes at its end."""
    start = len(lines)
    while start and lines[start - 1].size <= NOTE_SIZE * metrics.body and not lines[start - 1].apart:
        start -= 1
    tail = lines[start:]
    if not tail:
        return list(lines), []
    top, left, right = tail[0].base - tail[0].size, tail[0].left, tail[0].right
    above = lines[start - 1].base if start else top - 3 * tail[0].size
    if any(above - 2 <= y <= top + 4 and x0 <= left + 40 and x1 - x0 < 0.75 * (right - left) for x0, x1, y in rules):
        return list(lines[:start]), list(tail)
    for offset, line in enumerate(tail):
        if line.mark or (_NOTE_MARK.match(line.text) and start and not offset):
            if _text_follows(tail[offset:]):
                break  # authors and their places, over an abstract
            return list(lines[: start + offset]), list(tail[offset:])
    return list(lines), []


def _text_follows(notes: Sequence[Line]) -> bool:
    """Return True if text without a mark stands apart below notes: they do not stand at the end of the page then."""
    return any(
        below.base - above.base > NOTE_STEP * below.size and not below.mark and not _NOTE_MARK.match(below.text)
        for above, below in itertools.pairwise(notes)
    )


def _notes(lines: Sequence[Line]) -> Iterator[BlockDraft]:
    """Yield the footnotes: each begins with a mark."""
    draft: BlockDraft | None = None
    for line in lines:
        mark = line.mark
        if (
            not mark
            and (match := _NOTE_MARK.match(line.text))
            and (draft is None or _ENDS.search(draft.lines[-1].text))
        ):
            mark = match.group().strip()
            line = line._replace(text=line.text[match.end() :])
        if draft is None or mark:
            if draft:
                yield draft
            draft = BlockDraft("note", [line], note_mark=mark)
        else:
            draft.lines.append(line)
    if draft:
        yield draft


def _paragraphs(lines: Sequence[Line], region: RegionMetrics) -> Iterator[BlockDraft]:
    draft: BlockDraft | None = None
    for line in lines:
        if draft is not None and not _starts(line, draft, region):
            draft.lines.append(line)
            continue
        if draft is not None:
            yield draft
        draft = BlockDraft("caption" if is_caption(line.text) else "text", [line], mark=item_mark(line.text))
    if draft is not None:
        yield draft


def _starts(line: Line, draft: BlockDraft, region: RegionMetrics) -> bool:
    """Return True if a line starts a new block instead of continuing the draft."""
    last = draft.lines[-1]
    step = line.base - last.base
    usual = region.leading(min(line.size, last.size))
    if step > PARAGRAPH_STEP * usual or step < -0.5 * line.size:
        return True
    ended = bool(_ENDS.search(last.text))
    is_close = step <= 1.06 * region.leading(max(line.size, last.size))
    if _ends_heading(last, line, draft):
        return True
    if _changes_style(line, last, is_close) and (ended or not is_close or _had_room(line, last, region)):
        return True
    short = last.x1 < region.left + SHORT_LINE * region.width
    if is_caption(line.text) and (ended or short):
        return True
    mark = item_mark(line.text)
    if mark and (not mark.is_weak or ended or short or line.x0 > last.x0 + INDENT * line.size):
        return not _is_centred(line, region) or ended
    return _is_indented(line, draft, region) or ((ended or draft.kind == "caption") and _had_room(line, last, region))


def _changes_style(line: Line, last: Line, is_close: bool) -> bool:
    """Return True if two lines differ in size or weight; small capitals within a text do not count."""
    ratio = line.size / (last.size or 1.0)
    is_small_caps = is_close and line.bold == last.bold and 0.75 < ratio < 1.33
    if (ratio > SIZE_STEP or ratio < 1 / SIZE_STEP) and not is_small_caps:
        return True
    return line.bold != last.bold


def _ends_heading(last: Line, line: Line, draft: BlockDraft) -> bool:
    """Return True if a line begins the text below a heading: bold and large, bold, or italic above usual letters."""
    if not line.text[:1].isupper() or len(draft.lines) > MAX_HEADING_LINES:
        return False
    if last.bold and not line.bold:
        return all(above.bold for above in draft.lines)
    is_italic = last.italic and not line.italic and all(above.italic for above in draft.lines)
    return is_italic and not last.text.endswith((",", "-"))


def _is_indented(line: Line, draft: BlockDraft, region: RegionMetrics) -> bool:
    """Return True if the left side of a line shows that a paragraph begins."""
    last, least = draft.lines[-1], INDENT * line.size
    if _is_centred(line, region) and _is_centred(last, region):
        return False
    if line.x0 < region.left - least:  # a hanging indent: most lines are indented, first ones are not
        ended = bool(_ENDS.search(last.text))
        if last.x0 < region.left - least:  # a text left of most lines, which belong to items
            return ended and (len(draft.lines) == 1 or _had_room(line, last, region))
        return ended or not line.text[:1].islower() or _had_room(line, last, region)
    if line.x0 - region.left < least:
        return False
    if not _ENDS.search(last.text) and not _had_room(line, last, region):
        return False  # the sentence goes on: a quotation, or a line that its letters only seem to indent
    if abs(line.x0 - last.x0) < least:  # a block of indented lines, or one-line paragraphs
        return len(draft.lines) == 1 and bool(_ENDS.search(last.text)) and draft.mark is None
    if draft.mark is not None or last.x0 < region.left - least:  # the text of an item stands right of its mark
        return len(draft.lines) > 1 and line.x0 > last.x0 + least
    return line.x0 > last.x0 and line.x0 - region.left < 0.5 * region.width


def _is_centred(line: Line, region: RegionMetrics) -> bool:
    left, right = line.x0 - region.left, region.right - line.x1
    return left > 2 * line.size and abs(left - right) < 1.5 * line.size


def _had_room(line: Line, last: Line, region: RegionMetrics) -> bool:
    """Return True if the first word of a line would have fitted into the line above."""
    word = line.text.split(maxsplit=1)[0] if line.text.strip() else ""
    letter = (line.x1 - line.x0) / max(1, len(line.text))
    return last.x1 + (len(word) + 2) * letter < region.right


def _goes_on(draft: BlockDraft, region: RegionMetrics) -> bool:
    """Return True if a draft at the end of its region does not end there."""
    last = draft.lines[-1]
    if last.text[-1:] in HYPHENS:
        return True
    return not _ENDS.search(last.text) and last.x1 > region.left + 0.5 * region.width


def continues(draft: BlockDraft, part: BlockDraft, region: RegionMetrics) -> bool:
    """Return True if `part`, in a later region, is the rest of `draft`."""
    first, last = part.lines[0], draft.lines[-1]
    if part.kind != draft.kind or abs(first.size - last.size) > 0.06 * last.size or first.bold != last.bold:
        return False
    if part.kind == "note":
        return not part.note_mark and not _ENDS.search(last.text) and last.page <= first.page <= last.page + 1
    if last.text[-1:] in HYPHENS and first.text[:1].isalpha():
        return True
    if part.mark is not None and not part.mark.mark[:1].isdigit():
        return False
    if first.text[:1].islower() and part.mark is None:
        return draft.is_open or not _ENDS.search(last.text)
    if not draft.is_open or part.mark is not None or len(draft.lines) < 2:
        return False
    is_plain = first.x0 - region.left < INDENT * first.size and region.width > MIN_PROSE_WIDTH * first.size
    return is_plain and (first.text[:1].isalnum() or first.text[:1] in '«"“(')
