"""Citation marks in the text of an answer: `[1]` cites the first passage of its prompt.

cited_numbers("It is 12 EUR. [1] [9]")                         # [1, 9]
remove_marks("It is 12 EUR. [1] [9]")                           # 'It is 12 EUR.'
filter_marks("It is 12 EUR [1, 9].", lambda number: number < 5) # 'It is 12 EUR [1].'
normalize_marks("It is 12 EUR【1】, or 9 [2-3].", 4)              # 'It is 12 EUR [1], or 9 [2] [3].'
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from opora.text.words import folded_words

_NUMBER_MARK = re.compile(r"\[(\d+)\]")
_MARK_LIST = re.compile(r"\s*\[\s*(\d+(?:\s*[,;]\s*\d+)*)\s*\]")
"""A mark as language models write it: `[1]`, `[1, 9]`, `[ 1; 9 ]`."""


_FOREIGN_MARK = re.compile(
    r"\s*(?:\[\[\s*(\d+)\s*\]\]|[\[［【]\s*\^?\s*(\d+(?:\s*(?:[,;]|[-–—])\s*\^?\d+)*)\s*(?:†[^】\]］]*)?[\]］】])"
)
"""Marks in brackets of several kinds: `[1, 2]`, `[1-3]`, `[[1]]`, `[^1]`, `【1】`, `【1†source】`."""
_BARE_MARK = re.compile(
    r"(?<=[\w.!?»”\"])\s*\((\d{1,2})\)(?=[\s.,;:!?]|$)(?!\s*\w)|(?<=[^\W\d]{4})([⁰¹²³⁴-⁹]{1,2})(?!\w)"
    r"|(?<=[.!?»”\"])([⁰¹²³⁴-⁹]{1,2})(?!\w)"
)
"""`(1)` at the end of a clause, and superscripts, which count as marks in a text without brackets only."""
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_OWN_MARKS = re.compile(r"(?:\s+|(?<=[^\W\d]{4})|(?<=[.,;:!?»”\"])|^)\[(\d+(?:\s*[,;–—-]\s*\d+)*)\](?!\w)")
"""Marks of a document: behind a blank, a punctuation mark, or a word that is too long for the name of an array."""
_INDEX = re.compile(r"\[(\d+(?:\s*[,;–—-]\s*\d+)*)\]")
CONTEXT_WORDS, CONTEXT_CHARS = 3, 80
"""Words before a mark that tell a copied one, and characters that they are looked for in."""
MAX_RANGE = 20
"""Longest range of numbers, such as `[1-20]`, that is a mark."""


def normalize_marks(text: str, count: int) -> str:
    """Return `text` with the marks of `count` passages as `[1] [2]`, in whatever form a model or a dataset wrote them.

    `(1)` and superscripts are marks only in a text without brackets, and only up to `count`: they often mean a list or
    a power.
    """

    def rewrite(match: re.Match[str]) -> str:
        numbers = _expand(match[1] or match[2])
        return "".join(f" [{number}]" for number in numbers) if numbers else match[0]

    if _FOREIGN_MARK.search(text):
        return _FOREIGN_MARK.sub(rewrite, text)

    def rewrite_bare(match: re.Match[str]) -> str:
        number = int(next(filter(None, match.groups())).translate(_SUPERSCRIPTS))
        return f" [{number}]" if 1 <= number <= count else match[0]

    return _BARE_MARK.sub(rewrite_bare, text)


def _expand(numbers: str) -> list[int]:
    """Return the numbers of `1, 3-5`; none for a range that is too long or runs backwards."""
    expanded: list[int] = []
    for part in re.split(r"[,;]", numbers.replace("^", "")):
        first, *rest = (int(number) for number in re.split(r"[-–—]", part))
        last = rest[-1] if rest else first
        if not first <= last < first + MAX_RANGE:
            return []
        expanded += range(first, last + 1)
    return expanded


def remove_own_marks(text: str) -> str:
    """Return a sentence of a document without its own marks, such as `[7]` or `[3, 9]`, which would pass for marks that
    mean passages. A bracket behind a letter, as in `a[0]`, is no mark and gets blanks inside."""
    return space_own_marks(_OWN_MARKS.sub("", text))


def space_own_marks(text: str) -> str:
    """Return words of a document with blanks inside its own marks, as in `[ 7 ]`: beside marks that mean passages they
    would pass for one."""
    return _INDEX.sub(r"[ \1 ]", text)


def remove_copied_marks(text: str, sources: Sequence[str]) -> str:
    """Return `text` without marks that were copied from a source: the same words stand before the same number there.

    A mark stays if it is the number, from 1, of the source that it would be copied from.
    """
    own: dict[tuple[tuple[str, ...], int], set[int]] = {}
    for position, source in enumerate(sources, 1):
        for match in _OWN_MARKS.finditer(source):
            context = _words_before(source, match.start())
            for number in _expand(match[1]):
                own.setdefault((context, number), set()).add(position)
    if not own:
        return text

    def rewrite(match: re.Match[str]) -> str:
        context = _words_before(text, match.start())
        places = {number: own.get((context, number), set()) for number in map(int, re.findall(r"\d+", match.group()))}
        kept = [number for number, positions in places.items() if not positions or number in positions]
        return "".join(f" [{number}]" for number in kept)

    return re.sub(rf"(?:\s*{_NUMBER_MARK.pattern})+", rewrite, text)


def _words_before(text: str, end: int) -> tuple[str, ...]:
    return tuple(folded_words(text[max(0, end - CONTEXT_CHARS) : end])[-CONTEXT_WORDS:])


def cited_numbers(text: str) -> list[int]:
    """Return the numbers of all marks in order, with repeats."""
    return [int(number) for number in _NUMBER_MARK.findall(text)]


def remove_marks(text: str) -> str:
    """Return `text` without its marks and the white space before them."""
    return re.sub(rf"\s*{_NUMBER_MARK.pattern}", "", text)


def renumber_marks(text: str, numbers: Mapping[int, int]) -> str:
    """Return `text` with each mark `[n]` as `[numbers[n]]`. Raises KeyError for a number without a new one."""
    return _NUMBER_MARK.sub(lambda match: f"[{numbers[int(match.group(1))]}]", text)


def filter_marks(text: str, keep: Callable[[int], bool]) -> str:
    """Return `text` with only the marks whose number `keep` accepts; `[1, 9]` becomes `[1] [9]`."""

    def rewrite(match: re.Match[str]) -> str:
        numbers = map(int, re.findall(r"\d+", match.group(1)))
        return "".join(f" [{number}]" for number in numbers if keep(number))

    return _MARK_LIST.sub(rewrite, text)
