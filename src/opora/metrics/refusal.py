"""Detection of refusals by the phrases in `refusal_phrases.txt` of a language: a heuristic."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping

from opora.text.resources import language_lines, languages
from opora.text.sentences import sentences
from opora.text.words import folded_words

GAPS = {".": r"(?: \S+){0,2}?", "..": r"(?: \S+){0,6}?"}
"""Patterns of a few words inside a phrase."""
MAX_WORDS = 30
"""A refusal comes early; the same phrase deep in a long answer is a remark."""
LEAD_IN_WORDS = 3
"""A first sentence this short and without a number (`I am sorry.`) says nothing yet: the next one counts too."""


def is_refusal(text: str, language: str) -> bool:
    """Return true if the first words of the first sentence of `text` contain a refusal phrase, or if `text` has no
    words. The phrases of all languages count: the guess of the language may be wrong, and models mix languages."""
    first = _first_sentence(text, language)
    if not first:
        return True
    start = f" {' '.join(first[:MAX_WORDS])} "
    return any(_pattern(code).search(start) for code in languages())


def _first_sentence(text: str, language: str) -> list[str]:
    """Return the words up to the end of the first sentence that is no lead-in."""
    first: list[str] = []
    for start, end in sentences(text, language):
        # words with a blank inside, such as `10 000`, count as two
        first += [part for word in folded_words(text[start:end]) for part in word.split()]
        if len(first) > LEAD_IN_WORDS or any(map(str.isdigit, "".join(first))):
            break
    return first


@functools.cache
def _pattern(language: str) -> re.Pattern[str]:
    """Return one pattern of all refusal phrases of a language; it matches nothing if there are none."""
    lines = language_lines(language, "refusal_phrases.txt")
    definitions: dict[str, str] = {}
    for line in lines:
        if " = " in line:
            name, _, alternatives = line.partition(" = ")
            definitions[name] = f"(?:{'|'.join(map(_fold, alternatives.split('|')))})"
    phrases = (line for line in lines if " = " not in line)
    return re.compile("|".join(_phrase(line, definitions) for line in phrases) or r"(?!)")


def _phrase(line: str, definitions: Mapping[str, str]) -> str:
    """Compile `@source .. no answer` to a pattern of words with a blank before each."""
    parts = [GAPS.get(part) or f" {definitions.get(part) or re.escape(_fold(part))}" for part in line.split()]
    return "".join(parts) + "(?= )"


def _fold(text: str) -> str:
    return " ".join(folded_words(text))
