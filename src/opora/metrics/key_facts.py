"""Key facts of an answer: what it must contain, and what it must not.

A heuristic: words and numbers are compared; meaning is not judged.

    facts = KeyFacts(must=(("12.5", "twelve and a half"), ("filter",)), must_not=("7.5",))
    key_fact_score("Filters last 12.5 hours.", facts, "en")    # 1.0
"""

from __future__ import annotations

from collections.abc import Sequence

from opora.records import KeyFacts
from opora.text.terms import terms


def key_fact_score(text: str, facts: KeyFacts, language: str) -> float | None:
    """Return 1.0 if `text` contains every fact of `must` in one of its wordings and none of `must_not`, else 0.0; None
    without facts. A wording counts where its terms (lemmas, numbers by value) follow each other."""
    if not facts.must and not facts.must_not:
        return None
    text_terms = terms(text, language)
    right = all(_contains_any(text_terms, fact, language) for fact in facts.must)
    wrong = _contains_any(text_terms, facts.must_not, language)
    return float(right and not wrong)


def key_fact_recall(text: str, facts: KeyFacts, language: str) -> float | None:
    """Return the share of the facts of `must` that `text` contains; None without any."""
    if not facts.must:
        return None
    text_terms = terms(text, language)
    return sum(_contains_any(text_terms, fact, language) for fact in facts.must) / len(facts.must)


def contains_fact(text: str, wordings: Sequence[str], language: str) -> bool:
    """Return true if `text` contains a fact in one of its wordings."""
    return _contains_any(terms(text, language), wordings, language)


def _contains_any(text_terms: Sequence[str], wordings: Sequence[str], language: str) -> bool:
    return any(_contains(text_terms, terms(wording, language)) for wording in wordings)


def _contains(text_terms: Sequence[str], phrase: Sequence[str]) -> bool:
    size = len(phrase)
    starts = range(len(text_terms) - size + 1) if size else ()
    return any(list(text_terms[start : start + size]) == list(phrase) for start in starts)
