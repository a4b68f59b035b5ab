"""Location of a quote in a text: the same words and numbers in the same order, whatever the white space, the markup
(`| * _ #`), the quotation marks and the dashes between them.

    locate("срок 5 дней", "Общий *срок* — 5 дней.")      # (7, 21)
    locate("срок 6 дней", "Общий *срок* — 5 дней.")      # None
"""

from __future__ import annotations

import functools

from opora.text.words import SPACES, Word, fold, words

_SPACES = dict.fromkeys(map(ord, SPACES))


def locate(quote: str, text: str) -> tuple[int, int] | None:
    """Return (start, end) of the first span of `text` with the words of `quote`, ignoring case; None if there is none
    or the quote has no words."""
    sought = tuple(_fold(word.text) for word in words(quote))
    if not sought:
        return None
    folded, text_words = _folded_words(text)
    size = len(sought)
    for index in range(len(folded) - size + 1):
        if folded[index] == sought[0] and folded[index : index + size] == sought:
            return text_words[index].start, text_words[index + size - 1].end
    return None


@functools.lru_cache(maxsize=4096)
def _folded_words(text: str) -> tuple[tuple[str, ...], list[Word]]:
    text_words = words(text)
    return tuple(_fold(word.text) for word in text_words), text_words


def _fold(word: str) -> str:
    """Fold a word fully; a number loses its plus sign and the white space between its thousands."""
    return fold(word).casefold().replace("−", "-").removeprefix("+").translate(_SPACES)
