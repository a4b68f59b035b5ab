"""Sentences of a text, as spans.

In: a text and its language. Out: (start, end) in characters, in order, white space around them left out.

    sentences("Срок — 5 дней. Плата — 3 руб. в день.", "ru")      # [(0, 14), (15, 37)]
"""

from __future__ import annotations

import re

Span = tuple[int, int]

_RUSSIAN_REFERENCE = re.compile(r"(?:^|\W)(?:табл|рис|разд|прил|гл|илл|стр|см)\.$", re.IGNORECASE)


def sentences(text: str, language: str) -> list[Span]:
    """Spans of the sentences of `text`: razdel for Russian, sentencex for every other language."""
    spans = _russian(text) if language == "ru" else _other(text, language)
    stripped = (_strip(text, start, end) for start, end in spans)
    return [(start, end) for start, end in stripped if start < end]


def _russian(text: str) -> list[Span]:
    import razdel

    merged: list[Span] = []
    for each in razdel.sentenize(text):
        # razdel ends a sentence at «табл.» before a number
        if merged and text[each.start].isdigit() and _RUSSIAN_REFERENCE.search(text[merged[-1][0] : merged[-1][1]]):
            merged[-1] = (merged[-1][0], each.stop)
        else:
            merged.append((each.start, each.stop))
    return merged


def _other(text: str, language: str) -> list[Span]:
    import sentencex

    spans = []
    end = 0
    for piece in sentencex.segment(language, text):
        start = text.index(piece, end)
        end = start + len(piece)
        spans.append((start, end))
    return spans


def _strip(text: str, start: int, end: int) -> Span:
    piece = text[start:end]
    return start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip())
