"""Headings that are told by their form, such as `Статья 12.`, in documents that do not mark them.

A false heading does more harm than a missing one. So cross-references, clauses that are sentences, items of lists and
tables of contents stay text: titles are short, numbers ascend, and text stands between the headings of a sequence.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from opora.corpus.blocks import Block
from opora.corpus.sections.contents import contents_lines
from opora.corpus.sections.forms import is_capitals, is_remark
from opora.corpus.sections.front_matter import attached_titles, document_title
from opora.corpus.sections.levels import assign_levels
from opora.corpus.sections.lines import Heading, TextLine, read_lines, write_heading
from opora.corpus.sections.sequences import numbered_headings
from opora.corpus.sections.word_headings import phrase_headings, word_headings
from opora.text.entities.place_names import place_names
from opora.text.words import fold


def mark_headings(blocks: Sequence[Block]) -> list[Block]:
    """Return the blocks with headings by form marked as such, and with consistent levels. No text is lost or moved."""
    blocks = [_as_text(block) if _is_code(block.text) or is_remark(block.text) else block for block in blocks]
    lines = read_lines(blocks)
    headings = find_headings(lines)
    if all(heading.kind == "unnumbered" and not heading.is_wrapped for heading in headings):
        return list(blocks)
    return list(_write(lines, headings))


def find_headings(lines: Sequence[TextLine]) -> list[Heading]:
    """Return the headings of a document in text order, marked ones and those told by their form."""
    skipped = contents_lines(lines)
    by_word = word_headings(lines, skipped)
    attached = attached_titles(lines, [h for h in by_word if h.kind == "appendix"], _covered(by_word) | skipped)
    headings = _without_overlaps([*by_word, *attached])
    borders = frozenset(heading.start for heading in headings if heading.kind in ("appendix", "annex"))
    headings = _without_overlaps([*headings, *numbered_headings(lines, _covered(headings) | skipped, borders)])
    headings = _without_overlaps([*headings, *phrase_headings(lines, _covered(headings) | skipped)])
    title = document_title(lines, _covered(headings), has_sections=bool(headings))
    headings = _without_overlaps([*headings, *([title] if title else [])])
    return sorted([*headings, *_unnumbered(lines, _covered(headings))], key=lambda heading: heading.start)


def _unnumbered(lines: Sequence[TextLine], covered: frozenset[int]) -> Iterator[Heading]:
    """Yield the other headings that the parser marked; those in capitals that follow each other are one."""
    end = 0
    for at, line in enumerate(lines):
        if not line.is_marked or at in covered or at < end or _is_approval(line.text):
            continue
        end = at + 1
        while is_capitals(line.text) and end < len(lines) and end not in covered and _goes_on(line, lines[end]):
            end += 1
        yield Heading(at, end, "unnumbered")


def _goes_on(line: TextLine, following: TextLine) -> bool:
    same_level = following.is_marked and following.block.level == line.block.level
    return same_level and following.form is None and is_capitals(following.text)


def _without_overlaps(headings: Sequence[Heading]) -> list[Heading]:
    """Return the headings without those whose lines an earlier one in the list has."""
    taken: set[int] = set()
    kept = []
    for heading in headings:
        span = range(heading.start, heading.end)
        if taken.isdisjoint(span):
            taken.update(span)
            kept.append(heading)
    return kept


def _covered(headings: Sequence[Heading]) -> frozenset[int]:
    return frozenset(at for heading in headings for at in range(heading.start, heading.end))


def _write(lines: Sequence[TextLine], headings: Sequence[Heading]) -> Iterator[Block]:
    at = 0
    for heading, level in zip(headings, assign_levels(lines, headings), strict=True):
        yield from (_as_text(line.block) for line in lines[at : heading.start])
        yield from write_heading(lines, heading, level)
        at = heading.end
    yield from (_as_text(line.block) for line in lines[at:])


def _as_text(block: Block) -> Block:
    """Return a block that is no heading."""
    return block._replace(kind="paragraph", level=0) if block.kind == "heading" else block


def _is_approval(text: str) -> bool:
    """Return True for the line `Утверждены` above an attached document, which style sheets mark as a heading."""
    words = fold(text[:100]).split()
    return bool(words) and words[0].strip(" .:") in place_names().approvals


def _is_code(text: str) -> bool:
    """Return True for a line with the code of a document, such as `УДК 66.01`, which is bold above the title."""
    words = fold(text[:100]).replace(":", " ").split()
    return bool(words) and words[0].strip(" .") in place_names().codes and any(map(str.isdigit, text))
