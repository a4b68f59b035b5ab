"""How much of a reference an answer repeats: ROUGE-L, token F1, exact match.

In: an answer and its reference. Out: numbers from 0 to 1. Tokens are lower-case words and numbers of any script (the
usual ROUGE package keeps Latin letters only, and gives 0 for Cyrillic).

    rouge_l("срок пять дней", "срок — пять рабочих дней").f1      # 0.857...
"""

from __future__ import annotations

import functools
from collections import Counter
from typing import NamedTuple

from opora.text.words import word_texts


class Overlap(NamedTuple):
    precision: float
    recall: float
    f1: float


def rouge_l(answer: str, reference: str) -> Overlap:
    """ROUGE-L (Lin 2004) over unigrams: the longest common subsequence against the length of the answer (precision)
    and of the reference (recall), and their harmonic mean."""
    from rapidfuzz.distance import LCSseq

    left, right = tokens(answer), tokens(reference)
    return _overlap(LCSseq.similarity(left, right), len(left), len(right))


def token_f1(answer: str, reference: str) -> float:
    """F1 of the bags of tokens (Rajpurkar et al. 2016), no word left out."""
    left, right = tokens(answer), tokens(reference)
    return _overlap(sum((Counter(left) & Counter(right)).values()), len(left), len(right)).f1


def exact_match(answer: str, reference: str) -> float:
    """1.0 if both have the same tokens in the same order, else 0.0."""
    return float(tokens(answer) == tokens(reference))


@functools.lru_cache(maxsize=4096)
def tokens(text: str) -> tuple[str, ...]:
    """Lower-case words and numbers, ё as е. Kept: an answer is scored more than once, a reference many times."""
    return tuple(word_texts(text.casefold().replace("ё", "е")))


def _overlap(common: int, left: int, right: int) -> Overlap:
    if not common:
        return Overlap(0.0, 0.0, 0.0)
    precision, recall = common / left, common / right
    return Overlap(precision, recall, 2 * precision * recall / (precision + recall))
