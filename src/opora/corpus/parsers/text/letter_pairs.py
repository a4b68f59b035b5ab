"""Likelihood of a sequence of letters, by the frequencies of letter pairs in `languages/CODE/letter_pairs.txt`.

pair_cost("договор")    # 2.9: bits a letter, in the language that it suits best
pair_cost("ДНЦНБНП")    # 7.1
"""

from __future__ import annotations

import functools
import math
from itertools import pairwise

from opora.text.resources import language_lines, languages
from opora.text.words import fold

UNSEEN = 9
"""Cost of a pair with a letter that no table holds, in bits."""
BORDER = "_"


def pair_cost(word: str) -> float:
    """Return the mean cost of the letter pairs of a word, its borders included, in bits; infinite without a table."""
    letters = BORDER + fold(word) + BORDER
    pairs = list(pairwise(letters))
    return min(
        (sum(table.get(pair, UNSEEN) for pair in pairs) / len(pairs) for table in _tables()),
        default=math.inf,
    )


@functools.cache
def _tables() -> tuple[dict[tuple[str, str], int], ...]:
    return tuple(table for code in languages() if (table := _table(code)))


def _table(code: str) -> dict[tuple[str, str], int]:
    lines = language_lines(code, "letter_pairs.txt")
    rows = (line.split() for line in lines[1:])
    return {(first, second): int(cost) for first, costs in rows for second, cost in zip(lines[0], costs, strict=True)}
