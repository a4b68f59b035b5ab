"""Every citation of an answer, checked: marks like `[2]` against the passages, quotes against their very words.

In: what a model wrote, and the hits it was shown. Out: the final answer without what does not exist, citations each of
which is a span of a document, and what was dropped.

    checked = check_citations('Quote: "A fee of 12 EUR is due." [1]\\nAnswer: It is 12 EUR. [1] [9]', hits)
    checked.text            # 'It is 12 EUR. [1]'
    checked.dropped         # (DroppedCitation(text='[9]', reason='no such passage'),)
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from opora.answer.prompt import parse_answer
from opora.records import Citation, DroppedCitation, Hit, Passage
from opora.text.quotes import locate
from opora.text.words import words

MIN_QUOTE_WORDS = 4
"""Quotation marks around fewer words name a thing (a firm, a ship); around more they claim a quote."""

_MARK = re.compile(r"\s*\[\s*(\d+(?:\s*[,;]\s*\d+)*)\s*\]")
_QUOTED = re.compile(r"“([^”]*)”|«([^»]*)»|\"([^\"]*)\"")


class Checked(NamedTuple):
    """An answer of which only what can be shown is left."""

    text: str
    citations: tuple[Citation, ...]
    dropped: tuple[DroppedCitation, ...]


def check_citations(written: str, hits: Sequence[Hit]) -> Checked:
    """Check what a model wrote against the passages it was shown, `hits[0]` being number 1."""
    form = parse_answer(written)
    checker = _Checker(hits)
    for quote, number in form.quotes:
        checker.quote(quote, number)
    text = _QUOTED.sub(checker.replace_quoted, form.final)
    text = _MARK.sub(checker.replace_mark, text)
    return Checked(text.strip(), tuple(checker.citations), tuple(checker.dropped))


def cite(passage: Passage, marker: int | None, span: tuple[int, int] | None = None) -> Citation:
    """A citation of `passage`, or of the span `passage.text[start:end]` of it."""
    start, end = span or (0, len(passage.text))
    return Citation(
        document_id=passage.document_id,
        passage_id=passage.id,
        start=passage.start + start,
        end=passage.start + end,
        text=passage.text[start:end],
        place=passage.place,
        marker=marker,
    )


class _Checker:
    """Collects, in the order of reading, what an answer may cite and what it may not."""

    def __init__(self, hits: Sequence[Hit]) -> None:
        self._passages = [hit.passage for hit in hits]
        self.citations: list[Citation] = []
        self.dropped: list[DroppedCitation] = []

    def quote(self, quote: str, number: int | None) -> bool:
        """Cite where `quote` stands: in the passage that the model named, else in any that it was shown."""
        order = list(range(1, len(self._passages) + 1))
        if number in order:
            order.remove(number)
            order.insert(0, number)
        for marker in order:
            passage = self._passages[marker - 1]
            if span := locate(quote, passage.text):
                self._add(cite(passage, marker, span))
                return True
        self.dropped.append(DroppedCitation(text=quote, reason="quote not found"))
        return False

    def replace_quoted(self, match: re.Match[str]) -> str:
        """What stands for a passage in quotation marks: itself, or its words without the marks if it is no quote."""
        quote = next(group for group in match.groups() if group is not None)
        if len(words(quote)) < MIN_QUOTE_WORDS or self.quote(quote, None):
            return match.group()
        return quote

    def replace_mark(self, match: re.Match[str]) -> str:
        """What stands for `[1, 9]`: the marks of passages that exist."""
        kept = []
        for number in map(int, re.findall(r"\d+", match.group(1))):
            if 1 <= number <= len(self._passages):
                kept.append(f"[{number}]")
                if not any(citation.marker == number for citation in self.citations):
                    self._add(cite(self._passages[number - 1], number))
            else:
                self.dropped.append(DroppedCitation(text=f"[{number}]", reason="no such passage"))
        return "".join(f" {mark}" for mark in kept)

    def _add(self, citation: Citation) -> None:
        if citation not in self.citations:
            self.citations.append(citation)
