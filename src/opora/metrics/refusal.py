"""Whether an answer declines to answer.

In: the text of an answer. Out: true or false, by phrases in `refusal.LANGUAGE.txt`; a heuristic.

    is_refusal("The documents do not contain an answer to this question.", "en")      # True
"""

from __future__ import annotations

import functools
from importlib import resources

from opora.text.words import words

LANGUAGES = ("en", "ru")
WITHIN_WORDS = 30
"""A refusal says so at once; the same phrase deep in a long answer is a remark."""


def is_refusal(text: str, language: str) -> bool:
    """True if one of the refusing phrases of the language, or of English, stands among the first words of `text`, or
    if there are no words at all."""
    folded = _fold(text)
    if not folded:
        return True
    start = f" {' '.join(folded.split()[:WITHIN_WORDS])} "
    return any(f" {phrase} " in start for each in {language, "en"} & set(LANGUAGES) for phrase in _phrases(each))


@functools.cache
def _phrases(language: str) -> tuple[str, ...]:
    text = resources.files(__package__).joinpath(f"refusal.{language}.txt").read_text(encoding="utf-8")
    return tuple(_fold(line) for line in text.splitlines() if line and not line.startswith("#"))


def _fold(text: str) -> str:
    return " ".join(word.text.casefold().replace("ё", "е").replace("’", "'") for word in words(text))
