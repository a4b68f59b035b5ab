"""Spelling correction of query terms against the terms of the index.

correct_spelling(["финасов", "лимит"], {"финансов": 3, "лимит": 5})      # ['финансов', 'лимит']
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

MIN_SIMILARITY = 0.9
"""Jaro-Winkler similarity (Winkler 1990), which tolerates swapped letters, from which a term is a misspelling."""
MIN_LETTERS = 4
"""Shorter terms are not corrected."""


def correct_spelling(terms: Iterable[str], frequencies: Mapping[str, int]) -> list[str]:
    """Return the distinct terms in order; an unknown term is replaced by the most similar known one.

    It is dropped if none is similar enough, if it is short, or if it contains a digit.
    """
    corrected = (term if term in frequencies else _most_similar(term, frequencies) for term in terms)
    return [term for term in dict.fromkeys(corrected) if term]


def _most_similar(term: str, frequencies: Mapping[str, int]) -> str | None:
    from rapidfuzz import process
    from rapidfuzz.distance import JaroWinkler

    if len(term) < MIN_LETTERS or any(map(str.isdigit, term)):
        return None
    similarity = JaroWinkler.normalized_similarity
    best = process.extractOne(term, frequencies.keys(), scorer=similarity, score_cutoff=MIN_SIMILARITY)
    return str(best[0]) if best else None
