"""Whether an answer declines to answer.

In: the text of an answer. Out: true or false, by phrases in `refusal.LANGUAGE.txt`; a heuristic.

    is_refusal("The documents do not contain an answer to this question.", "en")      # True
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from importlib import resources

from opora.text.sentences import sentences
from opora.text.words import words

LANGUAGES = ("en", "ru")
GAPS = {".": r"(?: \S+){0,2}?", "..": r"(?: \S+){0,6}?"}
"""What stands for a few words in a phrase."""
WITHIN_WORDS = 30
"""A refusal says so at once; the same phrase deep in a long answer is a remark."""
LEAD_IN_WORDS = 3
"""A first sentence this short and without a number (`I am sorry.`) is no answer yet: the next one is looked at too."""


def is_refusal(text: str, language: str) -> bool:
    """True if one of the refusing phrases of the language, or of English, stands among the first words of the first
    sentence of `text`, or if there are no words at all."""
    first = _first_sentence(text, language)
    if not first:
        return True
    start = f" {' '.join(first.split()[:WITHIN_WORDS])} "
    return any(_pattern(each).search(start) for each in {language, "en"} & set(LANGUAGES))


def _first_sentence(text: str, language: str) -> str:
    """The words up to the end of the first sentence that says something."""
    said: list[str] = []
    for start, end in sentences(text, language):
        said += _fold(text[start:end]).split()
        if len(said) > LEAD_IN_WORDS or any(map(str.isdigit, "".join(said))):
            break
    return " ".join(said)


@functools.cache
def _pattern(language: str) -> re.Pattern[str]:
    """One pattern of all phrases of a language."""
    text = resources.files(__package__).joinpath(f"refusal.{language}.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    words: dict[str, str] = {}
    for line in lines:
        if " = " in line:
            name, _, listed = line.partition(" = ")
            words[name] = f"(?:{'|'.join(map(_fold, listed.split('|')))})"
    phrases = (line for line in lines if " = " not in line)
    return re.compile("|".join(_phrase(line, words) for line in phrases))


def _phrase(line: str, words: Mapping[str, str]) -> str:
    """`@source .. no answer` as a pattern over words between blanks."""
    parts = [GAPS.get(part) or f" {words.get(part) or re.escape(_fold(part))}" for part in line.split()]
    return "".join(parts) + "(?= )"


def _fold(text: str) -> str:
    return " ".join(word.text.casefold().replace("ё", "е").replace("’", "'") for word in words(text))
