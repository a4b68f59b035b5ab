"""Where a quote stands in a text.

In: a quote and a text. Out: the span of the text that holds the same words and numbers in the same order, whatever
the white space, the markup (`| * _ #`), the quotation marks and the dashes between them.

    locate("срок 5 дней", "Общий *срок* — 5 дней.")      # (7, 21)
    locate("срок 6 дней", "Общий *срок* — 5 дней.")      # None
"""

from __future__ import annotations

import functools

from opora.text.words import SPACES, fold, words


def locate(quote: str, text: str) -> tuple[int, int] | None:
    """(start, end) of the first place in `text` that holds the words of `quote`, case aside; None if there is none."""
    wanted = tuple(_fold(word.text) for word in words(quote))
    if not wanted:
        return None
    folded, spans = _folded(text)
    size = len(wanted)
    for at in range(len(folded) - size + 1):
        if folded[at] == wanted[0] and folded[at : at + size] == wanted:
            return spans[at][0], spans[at + size - 1][1]
    return None


@functools.lru_cache(maxsize=4096)
def _folded(text: str) -> tuple[tuple[str, ...], tuple[tuple[int, int], ...]]:
    found = words(text)
    return tuple(_fold(word.text) for word in found), tuple((word.start, word.end) for word in found)


def _fold(word: str) -> str:
    folded = fold(word).casefold().replace("ё", "е").replace("−", "-").removeprefix("+")
    return folded.translate(dict.fromkeys(map(ord, SPACES)))
