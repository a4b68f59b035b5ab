"""Titles of laws, orders, contracts and attached documents, which stand in capitals over several lines."""

from __future__ import annotations

import re
from collections.abc import Sequence

from opora.corpus.sections.forms import has_sentence_end, is_capitals, unspaced
from opora.corpus.sections.lines import Heading, TextLine
from opora.text.entities.place_names import place_names
from opora.text.words import fold

MAX_FIRST_LINES, MAX_TITLE_LINES, MAX_LINE = 30, 14, 160
MAX_APPROVAL_LINES = 6
MIN_LOUD = 6
"""Letters of the word in capitals that a title such as `ТИПОВОЕ обязательство служащего` begins with."""
_DATED = re.compile(r"\d{1,2}[. ]\S+(?: \d{4})?(?: [^\W\d]{1,4}\.?)? (?:№|N) ?\S+$")
"""Date and number without a word before them: `08.03.2015 N 21-ФЗ`."""


def document_title(lines: Sequence[TextLine], taken: frozenset[int], has_sections: bool) -> Heading | None:
    """Return the title of a law, an order or a contract at the beginning of the document. A line in small letters is
    one only in a document with numbered sections."""
    first = min((*taken, MAX_FIRST_LINES, len(lines)))
    has_marked = False
    for at in range(first):
        line = lines[at]
        has_marked = has_marked or line.is_marked
        if line.is_text and _names_act(line.text) and (is_capitals(line.text) or (has_sections and not has_marked)):
            end = _title_end(lines, at + 1, taken)
            return Heading(at, end, "title") if end < len(lines) else None
    return None


def attached_titles(lines: Sequence[TextLine], appendices: Sequence[Heading], taken: frozenset[int]) -> list[Heading]:
    """Return the titles of attached documents: below the heading of an appendix, or below `Утверждены приказом ...`."""
    starts = [heading.end for heading in appendices] + _approvals(lines, taken)
    headings = []
    for start in sorted(set(starts)):
        if start < len(lines) and start not in taken and _begins_title(lines[start]):
            end = _title_end(lines, start + 1, taken)
            if end < len(lines):
                headings.append(Heading(start, end, "annex"))
    return headings


def _approvals(lines: Sequence[TextLine], taken: frozenset[int]) -> list[int]:
    """Return the lines below `Утверждены`, the name of the document that approves, and its date."""
    names, ends = place_names(), []
    for at, line in enumerate(lines):
        words = fold(line.text[:MAX_LINE]).split()
        if at in taken or not line.is_text or len(line.text) > MAX_LINE or words[0].strip(".:") not in names.approvals:
            continue
        for end in range(at, min(at + MAX_APPROVAL_LINES, len(lines))):
            words = fold(lines[end].text[:MAX_LINE]).split()
            has_number = any(map(str.isdigit, lines[end].text))
            if has_number and (words[0] in names.date_starts or any(word in names.date_starts for word in words)):
                ends.append(end + 1)
                break
    return ends


def _begins_title(line: TextLine) -> bool:
    if not line.is_text or line.form is not None:
        return False
    first = line.text.split()[0]
    is_loud = len(first) >= MIN_LOUD and is_capitals(first) and not has_sentence_end(line.text)
    is_loud = is_loud and line.text.rstrip()[-1] not in ".:;,"
    return _names_act(line.text) or ((is_capitals(line.text) or is_loud) and len(line.text) <= 3 * MAX_LINE)


def _names_act(text: str) -> bool:
    """Return True for a line that begins, or in capitals holds, the name of a kind of document, such as `ПРИКАЗ`."""
    line = " ".join(fold(unspaced(text)).split()).strip(" .")
    begins_loud = is_capitals(text.split()[0])
    if (
        len(line) > (3 if begins_loud else 1) * MAX_LINE
        or not text.strip()[:1].isupper()
        or text.rstrip()[-1:] in ".:;,"
    ):
        return False
    acts = place_names().acts
    if is_capitals(text):
        return any(f" {act} " in f" {line} " for act in acts)
    return any(line == act or line.startswith(f"{act} ") for act in acts)


def _title_end(lines: Sequence[TextLine], at: int, taken: frozenset[int]) -> int:
    """Return the end of a title: lines in capitals, of the date and number, and of the subject."""
    names = place_names()
    start, in_subject = at, False
    while at < min(start + MAX_TITLE_LINES, len(lines)) and at not in taken:
        line = lines[at]
        text = line.text.strip()
        word = fold(text.split()[0])
        if not line.is_text or line.block.kind == "item" or len(text) > 3 * MAX_LINE:
            break
        if line.is_marked and not is_capitals(text):
            break
        has_date = word in names.date_starts and any(map(str.isdigit, text))
        is_date = len(text) <= MAX_LINE and (has_date or _DATED.match(text) is not None)
        is_subject = word in names.subject_starts and text[-1] not in ".:;,"
        goes_on = in_subject and text[:1].islower() and text[-1] not in ".:;," and len(text) <= MAX_LINE
        is_city = len(text.split()) <= 3 and at + 1 < len(lines) and _DATED.match(lines[at + 1].text) is not None
        if not (is_date or is_subject or goes_on or is_city or (is_capitals(text) and line.form is None)):
            break
        in_subject = is_subject or goes_on
        at += 1
    return at
