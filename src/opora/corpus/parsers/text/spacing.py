"""Words whose letters are set apart, as in `П О С Т А Н О В Л Е Н И Е`."""

from __future__ import annotations

import functools
import re

from opora.corpus.parsers.text.letter_pairs import pair_cost
from opora.text.resources import language_lines, languages
from opora.text.terms import russian_analyzer

MAX_COST = 5.5
"""Maximum cost of the letter pairs of a word, in bits a letter; lists of letters cost more."""
MIN_LETTERS, MAX_LETTERS = 4, 60
MIN_PART = 4
"""Minimum number of letters of a word that stands beside others without a wider gap."""
_SPACED = re.compile(r"(?<![^\W_])[^\W\d_](?: {1,3}[^\W\d_](?![^\W_])){3,}")
_WORD_GAP = re.compile(r" {2,}")


def unspace_letters(text: str) -> str:
    """Return `text` with words whose letters are set apart as whole words; two blanks divide two such words."""
    return _SPACED.sub(lambda match: _join_letters(match.group()), text)


def _join_letters(spaced: str) -> str:
    # letters may be two blanks apart, too, if nothing is one blank apart
    gap = _WORD_GAP if re.search(r"\S \S", spaced) else re.compile(r" {3,}")
    words = [part for word in gap.split(spaced) for part in _divide("".join(word.split()))]
    return " ".join(words) if all(map(_is_word, words)) and len(max(words, key=len)) >= MIN_LETTERS else spaced


def _divide(letters: str) -> list[str]:
    """Return letters as the fewest known Russian words; as one word if they are none."""
    if not _is_cyrillic(letters) or len(letters) > MAX_LETTERS:
        return [letters]
    is_known = russian_analyzer().word_is_known
    best: dict[int, list[str]] = {0: []}
    for end in range(1, len(letters) + 1):
        parts = ((best[start], letters[start:end]) for start in range(end) if start in best)
        ways = [[*words, part] for words, part in parts if _may_stand(part) and is_known(part.lower())]
        if ways:
            best[end] = min(ways, key=len)
    return best.get(len(letters), [letters])


def _may_stand(word: str) -> bool:
    return len(word) >= MIN_PART or word.lower() in _short_words()


@functools.cache
def _short_words() -> frozenset[str]:
    return frozenset(
        word for code in languages() for line in language_lines(code, "stop_words.txt") for word in line.split()
    )


def _is_word(word: str) -> bool:
    has_one_case = word.isupper() or (_is_cyrillic(word) and (word.islower() or word.istitle()))
    return has_one_case and (len(word) < MIN_LETTERS or pair_cost(word) <= MAX_COST)


def _is_cyrillic(word: str) -> bool:
    return "\u0400" <= word[0] <= "\u04ff"
