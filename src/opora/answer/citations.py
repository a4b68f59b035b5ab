"""Verification of citations: marks such as `[2]` against the passages, quotes against their text.

checked = check_citations('Quote: "A fee of 12 EUR is due." [1]\\nAnswer: It is 12 EUR. [1] [9]', hits)
checked.text            # 'It is 12 EUR. [1]'
checked.dropped         # (DroppedCitation(text='[9]', reason='no such passage'),)
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from opora.answer.prompt import parse_answer
from opora.corpus.sections.passage_places import clause_at
from opora.records import Citation, DroppedCitation, Hit, Passage, format_location
from opora.text.citation_marks import filter_marks, normalize_marks, remove_copied_marks
from opora.text.quotes import locate
from opora.text.words import words

MIN_QUOTE_WORDS = 4
"""Quotation marks around fewer words are names (a firm, a ship); around more they are quotes."""

_QUOTED = re.compile(r"“([^”]*)”|„([^“”]*)[“”]|«([^»]*)»|‹([^›]*)›|「([^」]*)」|『([^』]*)』|\"([^\"]*)\"")


class CheckedAnswer(NamedTuple):
    """An answer without invalid citations."""

    text: str
    citations: tuple[Citation, ...]
    dropped: tuple[DroppedCitation, ...]


def check_citations(output: str, hits: Sequence[Hit]) -> CheckedAnswer:
    """Check the output of a model against the passages in its prompt; `hits[0]` is number 1."""
    form, checker = parse_answer(normalize_marks(output, len(hits))), _CitationChecker(hits)
    for quote, number in form.quotes:
        checker.check_quote(quote, number)
    final = remove_copied_marks(_QUOTED.sub(checker.check_quoted, form.final), [hit.passage.text for hit in hits])
    text = filter_marks(final, checker.check_mark)
    return CheckedAnswer(text.strip(), tuple(checker.citations), tuple(checker.dropped))


def cite(passage: Passage, marker: int | None, span: tuple[int, int] | None = None) -> Citation:
    """Return a citation of `passage`, or of its span `passage.text[start:end]`."""
    start, end = span or (0, len(passage.text))
    return Citation(
        document_id=passage.document_id,
        passage_id=passage.id,
        start=passage.start + start,
        end=passage.start + end,
        text=passage.text[start:end],
        location=_location(passage, start) if span else passage.location,
        marker=marker,
    )


def _location(passage: Passage, start: int) -> str:
    return format_location(passage, clause_at(passage, start), passage.page_at(start))


def suspect_sources(citations: Sequence[Citation], hits: Sequence[Hit]) -> tuple[str, ...]:
    """Return one warning for each cited source that is suspect, or whose cited page is."""
    passages = {hit.passage.id: hit.passage for hit in hits}
    reasons: dict[str, dict[str, None]] = {}
    for citation in citations:
        metadata = passages[citation.passage_id].metadata
        if "suspect" in metadata:
            reasons.setdefault(str(metadata["source"]), {})[str(metadata["suspect"])] = None
    return tuple(f"{source} is suspect: {'; '.join(texts)}; check the source" for source, texts in reasons.items())


class _CitationChecker:
    """Collects valid and dropped citations in reading order."""

    def __init__(self, hits: Sequence[Hit]) -> None:
        self._passages = [hit.passage for hit in hits]
        self.citations: list[Citation] = []
        self.dropped: list[DroppedCitation] = []

    def check_quote(self, quote: str, number: int | None) -> bool:
        """Cite the quote in passage `number`, else in the first passage that holds it; drop it if none does."""
        numbered = enumerate(self._passages, 1)
        for marker, passage in sorted(numbered, key=lambda pair: pair[0] != number):
            if span := locate(quote, passage.text):
                self._add(cite(passage, marker, span))
                return True
        self.dropped.append(DroppedCitation(text=quote, reason="quote not found"))
        return False

    def check_quoted(self, match: re.Match[str]) -> str:
        """Return text in quotation marks unchanged, or without the marks if it claims to be a quote and is not."""
        quote = next(group for group in match.groups() if group is not None)
        if len(words(quote)) < MIN_QUOTE_WORDS or self.check_quote(quote, None):
            return match.group()
        return quote

    def check_mark(self, number: int) -> bool:
        """Cite passage `number` unless it is cited already. Return False if it does not exist."""
        if not 1 <= number <= len(self._passages):
            self.dropped.append(DroppedCitation(text=f"[{number}]", reason="no such passage"))
            return False
        if not any(citation.marker == number for citation in self.citations):
            self._add(cite(self._passages[number - 1], number))
        return True

    def _add(self, citation: Citation) -> None:
        if citation not in self.citations:
            self.citations.append(citation)
