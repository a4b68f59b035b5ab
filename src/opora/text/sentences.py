"""Sentences of a text, as (start, end) in characters without the white space around them.

sentences("Срок — 5 дней. Плата — 3 руб. в день.", "ru")      # [(0, 14), (15, 37)]
"""

from __future__ import annotations

import functools
import re

from opora.text.language_pack import language_pack

Span = tuple[int, int]


def sentences(text: str, language: str) -> list[Span]:
    """Return the spans of the sentences of `text` in order, split by razdel or sentencex as the language says."""
    split = _razdel if language_pack(language).sentence_splitter == "razdel" else _sentencex
    spans = []
    for start, end in split(text, language):
        if sentence := text[start:end].strip():
            first = text.index(sentence, start)
            spans.append((first, first + len(sentence)))
    return spans


def _razdel(text: str, language: str) -> list[Span]:
    import razdel

    before_number = _abbreviation_before_number(language)
    merged: list[Span] = []
    for sentence in razdel.sentenize(text):
        # razdel ends a sentence at «табл.» before a number
        if merged and text[sentence.start].isdigit() and before_number.search(text[merged[-1][0] : merged[-1][1]]):
            merged[-1] = (merged[-1][0], sentence.stop)
        else:
            merged.append((sentence.start, sentence.stop))
    return merged


def _sentencex(text: str, language: str) -> list[Span]:
    import sentencex

    boundaries = sentencex.get_sentence_boundaries(language, text)
    return [(boundary["start_index"], boundary["end_index"]) for boundary in boundaries]


@functools.cache
def _abbreviation_before_number(language: str) -> re.Pattern[str]:
    """Return the pattern of an abbreviation at the end of a sentence that a number continues."""
    abbreviations = "|".join(map(re.escape, language_pack(language).abbreviations_before_numbers))
    return re.compile(rf"(?:^|\W)(?:{abbreviations})\.$" if abbreviations else r"(?!)", re.IGNORECASE)
