"""Citation marks in the text of an answer: `[1]` cites the first passage of its prompt.

cited_numbers("It is 12 EUR. [1] [9]")                         # [1, 9]
remove_marks("It is 12 EUR. [1] [9]")                           # 'It is 12 EUR.'
filter_marks("It is 12 EUR [1, 9].", lambda number: number < 5) # 'It is 12 EUR [1].'
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

_NUMBER_MARK = re.compile(r"\[(\d+)\]")
_MARK_LIST = re.compile(r"\s*\[\s*(\d+(?:\s*[,;]\s*\d+)*)\s*\]")
"""A mark as language models write it: `[1]`, `[1, 9]`, `[ 1; 9 ]`."""


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
