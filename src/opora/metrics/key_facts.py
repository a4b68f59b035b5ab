"""The key-fact score: does an answer hold what it must, and nothing that it must not?

In: an answer's text and the key facts of its question. Out: 1.0 or 0.0, and the share of the facts that were held. It
is called what it is: words and numbers are looked for, meaning is not judged.

    facts = KeyFacts(must=(("12.5", "twelve and a half"), ("filter",)), must_not=("7.5",))
    key_fact_score("Filters last 12.5 hours.", facts, "en")    # 1.0
"""

from __future__ import annotations

from collections.abc import Sequence

from opora.records import KeyFacts
from opora.text.terms.stems import terms


def key_fact_score(text: str, facts: KeyFacts, language: str) -> float | None:
    """1.0 if every fact of `must` is held in one of its wordings and none of `must_not` is, else 0.0; None without
    facts. A wording is held where its terms (lemmas, numbers by value) stand in a row."""
    if not facts.must and not facts.must_not:
        return None
    held = terms(text, language)
    right = all(_any_held(fact, held, language) for fact in facts.must)
    wrong = _any_held(facts.must_not, held, language)
    return float(right and not wrong)


def key_fact_share(text: str, facts: KeyFacts, language: str) -> float | None:
    """The share of the facts of `must` that are held; None without any."""
    if not facts.must:
        return None
    held = terms(text, language)
    return sum(_any_held(fact, held, language) for fact in facts.must) / len(facts.must)


def holds_fact(text: str, fact: Sequence[str], language: str) -> bool:
    """True if `text` holds a fact in one of its wordings."""
    return _any_held(fact, terms(text, language), language)


def _any_held(wordings: Sequence[str], held: Sequence[str], language: str) -> bool:
    return any(_in_a_row(terms(wording, language), held) for wording in wordings)


def _in_a_row(wanted: Sequence[str], held: Sequence[str]) -> bool:
    size = len(wanted)
    return bool(size) and any(list(held[at : at + size]) == list(wanted) for at in range(len(held) - size + 1))
