"""Lemma of a Russian word.

In: a word in lower case. Out: the normal form of its likeliest parse, as `MorphAnalyzer.parse` of pymorphy3 returns it,
three times as fast: parses are scored only where their normal forms differ, and only by the dictionary.

    normal_form("людьми")      # 'человек'

It reads private parts of pymorphy3 (`dictionary`, `char_substitutes`, `prob_estimator`), so `pyproject.toml` pins
pymorphy3 below 3; `tests/text/terms/test_lemmas.py` compares it with the public call.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pymorphy3 import MorphAnalyzer


def normal_form(word: str) -> str:
    """Return the normal form of a word in lower case."""
    analyzer = _analyzer()
    dictionary = analyzer.dictionary
    forms: list[str] = []
    parses: list[tuple[int, int]] = []
    for spelling, entries in dictionary.words.similar_items(word, analyzer.char_substitutes):
        for paradigm, index in entries:
            parses.append((paradigm, index))
            forms.append(dictionary.build_normal_form(paradigm, index, spelling))
    if not forms:  # not in the dictionary: pymorphy3 predicts by the ending
        return str(analyzer.parse(word)[0].normal_form)
    if forms.count(forms[0]) == len(forms):
        return forms[0]
    probability = analyzer.prob_estimator.p_t_given_w.prob
    weights = [probability(word, dictionary.build_tag_info(*parse)) for parse in parses]
    return forms[weights.index(max(weights))]


@functools.cache
def _analyzer() -> MorphAnalyzer:
    from pymorphy3 import MorphAnalyzer

    return MorphAnalyzer()
