"""Headings that begin with a word and a number (`Статья 12.`, `Chapter IV`), and headings of one fixed phrase."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from opora.corpus.sections.forms import (
    MAX_TITLE,
    MAX_TITLE_WORDS,
    Form,
    has_sentence_end,
    has_verb,
    is_capitals,
    is_contents_line,
    is_pointed_title,
    is_remark,
    is_title,
)
from opora.corpus.sections.lines import Heading, TextLine
from opora.text.entities.place_names import place_names
from opora.text.words import fold, word_texts

MAX_TAIL_LINES, MAX_TAIL_LINE = 7, 100
"""Lines, and characters of a line, that say what an appendix belongs to."""
MAX_TITLE_LINES = 8
POINTED = ("paragraph", "section")
"""Kinds whose titles end with a point in American regulations: `§ 1910.12 Construction work.`"""
_FIRST_SENTENCE = re.compile(r"[^\W\d]{2,}[.!?](?=\s+[A-ZА-ЯЁ«\"\d])")
_LETTERED = re.compile(r"\w{1,2}\)")


def word_headings(lines: Sequence[TextLine], skipped: frozenset[int]) -> list[Heading]:
    """Return the headings with a word and a number; lines in `skipped` are none."""
    headings: list[Heading] = []
    last: dict[str, list[tuple[int, ...]]] = {}
    for at, line in enumerate(lines):
        form = line.form
        if form is None or at in skipped or form.kind not in place_names().ranks:
            continue
        heading = _read(lines, at, form, last.get(form.kind, []))
        if heading:
            headings.append(heading)
            last[form.kind] = [*last.get(form.kind, [])[-1:], _key(form.number)]
            if form.kind == "appendix":
                last = {"appendix": last["appendix"]}
    return headings


def phrase_headings(lines: Sequence[TextLine], taken: frozenset[int]) -> Iterator[Heading]:
    """Yield the headings of one fixed phrase, such as `Общие положения` or `УСТАНОВИЛ:`."""
    for at, line in enumerate(lines[:-1]):
        is_free = at not in taken and line.is_text and not line.is_marked
        if is_free and line.form and line.form.kind in ("phrase", "ruling"):
            yield Heading(at, at + 1, line.form.kind)


def title_end(lines: Sequence[TextLine], start: int, end: int) -> int:
    """Return the end of a heading in lines `start:end` with the lines that continue or hold its title."""
    text = lines[end - 1].text.strip()
    form = lines[start].form
    has_title = end - 1 > start or form is None or bool(form.title.strip(" .:"))
    while end < len(lines) and end - start < MAX_TITLE_LINES and _continues(lines, end, text, has_title):
        text, has_title, end = lines[end].text.strip(), True, end + 1
    return end


def _continues(lines: Sequence[TextLine], at: int, before: str, has_title: bool) -> bool:
    """Return True if line `at` continues a heading that ends with `before`, or is the title that it lacks."""
    line = lines[at]
    text = line.text.strip()
    if (line.form and line.form.kind != "phrase") or not line.is_text or line.block.kind == "item":
        return False
    if len(text) > MAX_TITLE or is_contents_line(text) or is_remark(text) or at + 1 >= len(lines):
        return False
    if not has_title:
        return is_capitals(text) or is_title(text)
    if is_capitals(before) and is_capitals(text):
        return not before.endswith((".", ":", ";")) and len(text) <= MAX_TAIL_LINE
    is_open = before[-1:] not in ".;:!?)" and not is_capitals(before)
    return (
        is_open
        and text[:1].islower()
        and len(text) <= MAX_TAIL_LINE
        and not _LETTERED.match(text)
        and (text[-1] not in ".;:-–—")
    )


def _read(lines: Sequence[TextLine], at: int, form: Form, last: Sequence[tuple[int, ...]]) -> Heading | None:
    """Return the heading that begins with line `at`, None if the line is a cross-reference or a clause."""
    line, title = lines[at], form.title
    heading = Heading(at, at + 1, form.kind, form.number)
    if form.kind == "appendix":
        return heading if line.is_marked and form.title else _read_appendix(lines, heading, form)
    if line.is_marked:
        heading.end = title_end(lines, at, at + 1)
        return heading
    if not title.strip(" ."):
        heading.end = title_end(lines, at, at + 1)
        return heading
    if title[0].islower() or is_contents_line(line.text) or title[-1] in ";" or not _ascends(form.number, last):
        return None
    if not form.is_pointed:
        is_next = not last or _key(form.number)[0] - last[-1][0] in (0, 1)
        is_name = is_title(title) or (form.kind in POINTED and is_pointed_title(title))
        if is_capitals(title) or (is_name and is_next):
            heading.end = title_end(lines, at, at + 1)
            return heading
        return None
    return _read_pointed(lines, heading, form)


def _read_pointed(lines: Sequence[TextLine], heading: Heading, form: Form) -> Heading:
    """Return the heading of a line such as `Статья 3. Хранение проб`, which is split if the text goes on in it."""
    title = form.title
    is_short = len(title) <= MAX_TITLE and len(word_texts(title)) <= MAX_TITLE_WORDS and not has_sentence_end(title)
    if is_short and (is_capitals(title) or not (title.endswith((".", ",")) and has_verb(title))):
        heading.end = title_end(lines, heading.start, heading.end)
        return heading
    first = _FIRST_SENTENCE.search(title)
    has_name = first and len(word_texts(title[: first.end()])) <= 20 and not has_verb(title[: first.end()])
    heading.split_at = form.title_start + (first.end() if first and has_name else 0)
    return heading


def _read_appendix(lines: Sequence[TextLine], heading: Heading, form: Form) -> Heading | None:
    """Return the heading of an appendix with the lines that say what it belongs to."""
    line, title = lines[heading.start], form.title
    words = fold(title).split()
    has_tail = bool(words) and words[0].strip("(),.:") in place_names().appendix_tails
    is_name = title[:1] == "(" or (title[:1].isupper() and form.is_pointed) or is_capitals(title)
    if title and not has_tail and not is_name:
        return None
    if len(title) > MAX_TITLE or title[-1:] in (";", ",") or is_contents_line(title):
        return None
    if title and not is_capitals(title) and (has_verb(title) or has_sentence_end(title)):
        return None
    heading.end = _tail_end(lines, heading.end)
    following = lines[heading.end].form if heading.end < len(lines) else None
    # a list of appendices, below which the sections of the document go on
    goes_on = following is not None and following.kind == "decimal" and int(following.number.split(".")[0]) > 1
    return None if goes_on and not line.is_marked else heading


def _tail_end(lines: Sequence[TextLine], start: int) -> int:
    """Return the end of the lines that say what an appendix belongs to, up to the date of that document."""
    names = place_names()
    end = start
    for at in range(start, min(start + MAX_TAIL_LINES, len(lines))):
        line = lines[at]
        words = fold(line.text).split()
        if not line.is_text or line.is_marked or len(line.text) > MAX_TAIL_LINE or is_capitals(line.text):
            break
        is_date = words[0] in names.date_starts and any(map(str.isdigit, line.text))
        if is_date or words[0].strip("(),.:") in names.appendix_tails or (at == end and line.text[0].islower()):
            end = at + 1
        if is_date or line.form or line.text.rstrip().endswith("."):
            break
    return end


def _ascends(number: str, last: Sequence[tuple[int, ...]]) -> bool:
    """Return True for the first number, and for one above either of the `last` two: `16¹` may be read as 161."""
    key = _key(number)
    return not last or key[0] <= 1 or any(key > before for before in last)


def _key(number: str) -> tuple[int, ...]:
    return tuple(int(piece) if piece.isdecimal() else ord(piece[0]) for piece in number.split(".") if piece) or (0,)
