"""Misspelt words of a question, set right by the words of the passages.

correct(["финасов", "лимит"], {"финансов": 3, "лимит": 5})      # ['финансов', 'лимит']
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

SIMILAR = 0.9
"""Similarity (Winkler 1990, which forgives swapped letters) from which two terms count as one word misspelt."""
SHORTEST = 4
"""Letters below which a term is too short to tell."""


def correct(terms: Iterable[str], known: Mapping[str, int]) -> list[str]:
    """The distinct terms that are known, in order; one that is not is replaced by the most similar known one, and left
    out if none is similar, if it is short or holds a digit."""
    found = (term if term in known else _nearest(term, known) for term in terms)
    return [term for term in dict.fromkeys(found) if term]


def _nearest(term: str, known: Mapping[str, int]) -> str | None:
    from rapidfuzz import process
    from rapidfuzz.distance import JaroWinkler

    if len(term) < SHORTEST or any(map(str.isdigit, term)):
        return None
    best = process.extractOne(term, known.keys(), scorer=JaroWinkler.normalized_similarity, score_cutoff=SIMILAR)
    return str(best[0]) if best else None
