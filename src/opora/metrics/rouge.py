"""Overlap of an answer with a reference: ROUGE-L, token F1, exact match.

Tokens are folded words and numbers of any script (the usual ROUGE package keeps Latin letters only and scores Cyrillic
text 0).

    rouge_l("срок пять дней", "срок — пять рабочих дней").f1      # 0.857...
"""

from __future__ import annotations

import functools
from collections import Counter
from typing import NamedTuple

from opora.text.words import folded_words


class Overlap(NamedTuple):
    """Precision, recall and their harmonic mean."""

    precision: float
    recall: float
    f1: float


def rouge_l(answer: str, reference: str) -> Overlap:
    """Return ROUGE-L over unigrams (Lin 2004): the longest common subsequence relative to the length of the answer
    (precision) and of the reference (recall)."""
    from rapidfuzz.distance import LCSseq

    answer_tokens, reference_tokens = tokens(answer), tokens(reference)
    common = LCSseq.similarity(answer_tokens, reference_tokens)
    return _overlap(common, len(answer_tokens), len(reference_tokens))


def token_f1(answer: str, reference: str) -> float:
    """Return the F1 of the bags of tokens (Rajpurkar et al. 2016), with no word left out."""
    answer_tokens, reference_tokens = tokens(answer), tokens(reference)
    common = sum((Counter(answer_tokens) & Counter(reference_tokens)).values())
    return _overlap(common, len(answer_tokens), len(reference_tokens)).f1


def exact_match(answer: str, reference: str) -> float:
    """Return 1.0 if both have the same tokens in the same order, else 0.0."""
    return float(tokens(answer) == tokens(reference))


@functools.lru_cache(maxsize=4096)
def tokens(text: str) -> tuple[str, ...]:
    """Return folded words and numbers; cached, because answers and references are scored many times."""
    return tuple(folded_words(text))


def _overlap(common: int, answer_length: int, reference_length: int) -> Overlap:
    if not common:
        return Overlap(0.0, 0.0, 0.0)
    precision, recall = common / answer_length, common / reference_length
    return Overlap(precision, recall, 2 * precision * recall / (precision + recall))
