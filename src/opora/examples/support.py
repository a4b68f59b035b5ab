"""Support of an answer by a passage, and the gold passages of examples that name none.

Heuristics on words and numbers; they decide where an example has neither marks nor quotes.
"""

from __future__ import annotations

from opora.examples.evidence import gold_passages
from opora.metrics.key_facts import key_fact_recall
from opora.records import Example, Passage
from opora.retrieval.search.searcher import Index
from opora.text.citation_marks import remove_marks
from opora.text.quotes import locate
from opora.text.terms import stop_terms, terms

ANSWER_SHARE = 0.7
"""Minimum share of the answer's terms in a passage that holds it; used without quotes and key facts."""
QUESTION_SHARE = 0.5
"""Minimum share of the question's terms in a gold passage that nothing else tells."""
SEARCH_DEPTH = 10
"""Number of hits among which gold passages are looked for."""


def states_answer(passage: Passage, example: Example) -> bool:
    """Return True if a passage holds a quote or all key facts; without these, most terms of the answer, all numbers
    among them."""
    if any(locate(quote.text, passage.full_text) for quote in example.quotes):
        return True
    language = example.language
    if example.facts.must:
        return key_fact_recall(passage.full_text, example.facts, language) == 1.0
    new_terms = set(terms(remove_marks(example.answer), language)) - set(terms(example.question, language))
    passage_terms = set(terms(passage.full_text, language))
    numbers = {term for term in new_terms if any(map(str.isdigit, term))}
    return (
        bool(new_terms) and numbers <= passage_terms and len(new_terms & passage_terms) >= ANSWER_SHARE * len(new_terms)
    )


def find_gold(example: Example, index: Index) -> Example:
    """Return the example with gold passages if it has none.

    They are those of its own passages, or of the best hits, that state the answer and are about the question; `gold`
    stays empty if there are none.
    """
    if example.behavior == "refuse" or gold_passages(example):
        return example
    text = f"{example.question} {example.answer}"
    candidates = example.passages or [hit.passage for hit in index.search(text, SEARCH_DEPTH)]
    gold = [passage for passage in candidates if _is_about(passage, example) and states_answer(passage, example)]
    passages = tuple({passage.id: passage for passage in [*example.passages, *gold]}.values())
    return example.model_copy(update={"passages": passages, "gold": tuple(passage.id for passage in gold)})


def _is_about(passage: Passage, example: Example) -> bool:
    language = example.language
    question_terms = set(terms(example.question, language)) - stop_terms(language)
    context = " ".join([str(passage.metadata.get("title", "")), *passage.heading, passage.full_text])
    return len(question_terms & set(terms(context, language))) >= QUESTION_SHARE * len(question_terms)
