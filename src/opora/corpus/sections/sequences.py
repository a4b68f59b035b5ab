"""Sequences of numbered lines, which tell headings from clauses and items of lists.

A heading such as `4. РАСЧЁТЫ СТОРОН` is short, its neighbours in the sequence are short as well, and text stands
between them. In a list the items follow each other, and clauses are sentences.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from opora.corpus.sections.forms import (
    MAX_NUMBERED_TITLE,
    MAX_ROMAN_TITLE,
    has_sentence_end,
    is_capitals,
    is_pointed_title,
    is_title,
)
from opora.corpus.sections.lines import Heading, TextLine
from opora.corpus.sections.word_headings import title_end

MIN_TITLES, MIN_BODIES = 0.7, 0.6
"""Shares of a sequence that must be titles, and that must have text below."""
MAX_GAP = 3
"""Largest step from one number to the next; numbers may be missing."""
MAX_OPEN = 6
"""Sequences of one form that may be open at a time."""
MAX_HEADING = 400
MAX_ITEM = 60
"""Characters of an item in a list of lists."""

Number = tuple[int, ...]


@dataclass
class NumberSequence:
    """Numbered lines of one form whose last numbers ascend; `numbers[i]` is that of line `lines[i]`."""

    kind: str
    lines: list[int] = field(default_factory=list)
    numbers: list[Number] = field(default_factory=list)


def numbered_headings(lines: Sequence[TextLine], skipped: frozenset[int], borders: frozenset[int]) -> list[Heading]:
    """Return the headings with decimal or Roman numbers. Lines in `skipped` are none; no sequence goes on beyond a line
    in `borders`, where an attached document begins."""
    headings: list[Heading] = []
    accepted: set[Number] = set()
    for sequence in sorted(_sequences(lines, skipped, borders), key=lambda sequence: len(sequence.numbers[0])):
        parent = sequence.numbers[0][:-1]
        if _are_headings(lines, sequence) and (len(parent) < 1 or parent in accepted or len(sequence.lines) > 1):
            accepted.update(sequence.numbers)
            headings += _headings(lines, sequence)
    return headings


def _sequences(lines: Sequence[TextLine], skipped: frozenset[int], borders: frozenset[int]) -> list[NumberSequence]:
    """Return all sequences of numbered lines; a line that continues none and is no first one is left out."""
    numberings: list[NumberSequence] = []
    open_rows: dict[tuple[str, bool, Number], list[NumberSequence]] = {}
    for at, line in enumerate(lines):
        form = line.form
        if at in borders:
            open_rows.clear()
        if form is None or form.kind not in ("decimal", "roman") or at in skipped:
            continue
        number = tuple(map(int, form.number.split(".")))
        number = number[:1] if form.kind == "roman" else number
        row = open_rows.setdefault((form.kind, form.is_pointed or len(number) > 1, number[:-1]), [])
        sequence = _continued(lines, row, number, at)
        if sequence is None:
            sequence = NumberSequence(form.kind)
            numberings.append(sequence)
            row.append(sequence)
            del row[:-MAX_OPEN]
        sequence.lines.append(at)
        sequence.numbers.append(number)
    return numberings


def _continued(
    lines: Sequence[TextLine], row: Sequence[NumberSequence], number: Number, at: int
) -> NumberSequence | None:
    """Return the open sequence that a number continues: one of the same look, else the latest."""
    form = lines[at].form
    is_inserted = form is not None and form.kind == "roman" and "." in form.number
    fits = [s for s in row if 0 < number[-1] - s.numbers[-1][-1] + is_inserted <= MAX_GAP]
    if number[-1] <= 1 and not is_inserted:
        return None
    fits.sort(
        key=lambda s: (_look(lines[s.lines[-1]]) != _look(lines[at]), number[-1] - s.numbers[-1][-1], -s.lines[-1])
    )
    return fits[0] if fits else None


def _look(line: TextLine) -> tuple[bool, bool]:
    title = line.form.title if line.form else ""
    return is_capitals(title), line.is_marked or is_title(title) or is_pointed_title(title)


def _are_headings(lines: Sequence[TextLine], sequence: NumberSequence) -> bool:
    """Return True if the lines of a sequence are headings, by their titles and by the text below them."""
    marked = [lines[at].is_marked for at in sequence.lines]
    if all(marked):
        return True
    size = len(sequence.lines)
    titles = [lines[at].form.title for at in sequence.lines if lines[at].form]  # type: ignore[union-attr]
    limit = MAX_ROMAN_TITLE if sequence.kind == "roman" else MAX_NUMBERED_TITLE
    plain = sum(is_title(title, limit) for title in titles)
    pointed = sum(is_pointed_title(title) for title in titles)
    bodies = [_has_body(lines, sequence, position) for position in range(size)]
    if plain + pointed < MIN_TITLES * size or sum(bodies) < MIN_BODIES * size:
        return False
    if size > 1 and not any(map(is_capitals, titles)) and _holds_items_only(lines, sequence):
        return False
    numbers = [number[-1] for number in sequence.numbers]
    if numbers[0] > 1 and any(following - number > 1 for number, following in pairwise(numbers)):
        return False
    if size == 1:
        return is_capitals(titles[0]) or _has_child(lines, sequence)
    is_loose = not lines[sequence.lines[0]].form.is_pointed  # type: ignore[union-attr]
    return not is_loose or (plain >= MIN_TITLES * size and all(len(title) <= MAX_HEADING for title in titles))


def _has_body(lines: Sequence[TextLine], sequence: NumberSequence, position: int) -> bool:
    """Return True if text, or a number below it, follows the line and not its neighbour in the sequence."""
    following = sequence.lines[position] + 1
    if following >= len(lines):
        return False
    return position + 1 == len(sequence.lines) or following != sequence.lines[position + 1]


def _holds_items_only(lines: Sequence[TextLine], sequence: NumberSequence) -> bool:
    """Return True for a list of lists: between its lines stand short items alone, no sentence, heading or table."""
    between = [line for start, end in pairwise(sequence.lines) for line in lines[start + 1 : end]]
    return all(
        line.block.kind in ("item", "paragraph")
        and (line.block.kind == "item" or line.form is not None)
        and len(line.text) <= MAX_ITEM
        and not has_sentence_end(line.text)
        and line.text.rstrip()[-1] not in ".:"
        for line in between
    )


def _has_child(lines: Sequence[TextLine], sequence: NumberSequence) -> bool:
    """Return True if the next line has a number below that of the first line, as `1.1` below `1`."""
    following = sequence.lines[0] + 1
    form = lines[following].form if following < len(lines) else None
    return form is not None and form.kind == "decimal" and form.number == f"{lines[following - 1].form.number}.1"  # type: ignore[union-attr]


def _headings(lines: Sequence[TextLine], sequence: NumberSequence) -> Iterator[Heading]:
    for at in sequence.lines:
        line = lines[at]
        label = line.form.number if line.form else ""
        title = line.form.title if line.form else ""
        if line.is_marked or (len(title) <= MAX_HEADING and not has_sentence_end(title)):
            yield Heading(at, title_end(lines, at, at + 1), sequence.kind, label)
        elif line.form:
            # a section whose number is followed by its text: the text above must not be taken for its section
            yield Heading(at, at + 1, sequence.kind, label, split_at=line.form.title_start)
