"""Words that a hyphen divides at the end of a line: made whole, unless the hyphen is their own.

The same word elsewhere in the document decides, then the known words of Russian and English; a hyphen stays where both
parts are words and the whole is none (`научно-технический`), and before capitals and figures.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable

from opora.corpus.parsers.pdf.text_layer import frequent_words
from opora.text.resources import language_lines
from opora.text.terms import russian_analyzer

SOFT_HYPHEN = "\u00ad"
HYPHENS = "-\u2010\u00ad\ufffe"
MAX_WORD = 100
"""Length of the longest word with a hyphen."""
_ADDRESS = re.compile(r"\(?(?:https?://|www\.)")
_RANGE = re.compile(r"\w[–—]$")
LINKING_VOWELS = "ое"
"""Last letters of the first part of compounds."""
_DIVIDED = re.compile(rf"([^\W_]+(?:-[^\W_]+)*)[{HYPHENS}]$")
_CONTINUED = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_CYRILLIC = re.compile(r"[\u0400-\u04ff]")


class HyphenJoiner:
    """Joins lines of a document; it knows the words that stand whole in the document."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._words: set[str] = set()
        self._keeps_unicode_hyphens = False
        """True if U+2010 stands inside lines, too: it is no mark of division then."""
        follows_hyphen = False
        for line in lines:
            self._keeps_unicode_hyphens |= "\u2010" in line[:-1]
            words = _WORD.findall(_fold(line.replace("\u2010", "-")))
            divides = line[-1:] in HYPHENS
            inner = words[1 if follows_hyphen else 0 : len(words) - divides]
            self._words.update(inner)
            follows_hyphen = divides

    def join(self, text: str, line: str) -> str:
        """Return `text` and the line below it, joined with a blank or within a word."""
        if _is_whole(text, line):
            return text + line
        if text[-1:] not in HYPHENS:
            return f"{text} {line}"
        divided, continued = _DIVIDED.search(text[-MAX_WORD:]), _CONTINUED.match(line)
        if not divided or not continued:
            return text[:-1] + line if text.endswith(SOFT_HYPHEN) else f"{text} {line}"
        is_sign = text[-1] == "-" or (text[-1] == "\u2010" and self._keeps_unicode_hyphens)
        if not is_sign:
            return text[:-1] + line
        return text[:-1] + ("-" if self._is_own(divided[1], continued[0]) else "") + line

    def _is_own(self, left: str, right: str) -> bool:
        """Return True if the hyphen between two parts belongs to their word."""
        if not (left[-1].isalpha() and right[0].isalpha()):
            return True
        if right[0].isupper() and not left[-1].isupper():
            return True
        left, right = _fold(left), _fold(right)
        if left + right in self._words:
            return False
        if f"{left}-{right}" in self._words:
            return True
        left, right = left.rsplit("-", 1)[-1], right.split("-", 1)[0]
        if _CYRILLIC.search(left + right):
            return _is_russian_compound(left, right)
        return not _is_english(left + right) and (
            left in _hyphenated_parts("en") or (_is_english(left) and _is_english(right))
        )


def _is_whole(text: str, line: str) -> bool:
    """Return True if nothing stands between two lines: in an address of the web, and in `737–` with `800` below."""
    word = text[text.rfind(" ") + 1 :]
    if _ADDRESS.match(word) and text[-1] in "/-_%=&?":
        return True
    return bool(_RANGE.search(word)) and line[:1].isdigit()


def _fold(text: str) -> str:
    return text.casefold().replace("ё", "е")


def _is_russian_compound(left: str, right: str) -> bool:
    """Return True if two words are written with a hyphen: `инженер-механик`, `какой-либо`, not `аудиогид`."""
    analyzer = russian_analyzer()
    if analyzer.word_is_known(left + right):
        return False
    if not {left, right}.isdisjoint(_hyphenated_parts("ru")):
        return True
    if not (analyzer.word_is_known(left) and analyzer.word_is_known(right)):
        return False
    links = left[-1] in LINKING_VOWELS  # they join a noun to a solid word
    return not (links and any(parse.tag.POS == "NOUN" for parse in analyzer.parse(right)[:1]))


@functools.cache
def _hyphenated_parts(language: str) -> frozenset[str]:
    return frozenset(part for line in language_lines(language, "hyphenated_parts.txt") for part in line.split())


@functools.cache
def _english() -> frozenset[str]:
    return frequent_words("Latin")[0]


def _is_english(word: str) -> bool:
    return word in _english()
