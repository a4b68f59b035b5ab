"""Scores of one answer.

In: a question with its gold evidence, and an answer. Out: a `Score` a metric; what does not apply to a question has no
value, and says why.

    score_answer(example, answer)["key_facts"].value       # 1.0
"""

from __future__ import annotations

import re

from opora.metrics.citations import Span, citation_precision, citation_recall, evidence_recall
from opora.metrics.key_facts import key_fact_score, key_fact_share
from opora.metrics.rouge import exact_match, rouge_l, token_f1, tokens
from opora.records import Answer, Example, Passage, Score
from opora.text.quotes import locate

_MARK = re.compile(r"\s*\[\d+\]")


def score_answer(example: Example, answer: Answer) -> dict[str, Score]:
    """Metric -> score. Definitions:

    `key_facts`: a question with an answer scores 1 if the answer holds all its key facts and no forbidden one, and 0 if
    it refuses; a question without one scores 1 if it is refused. `irrelevant_refusal`: refused though the passages hold
    all the evidence. `missed_refusal`: answered though the documents do not say. Citations count by passage, so that a
    sentence and a whole passage that were cited compare.
    """
    text, reference = _MARK.sub("", answer.text), _MARK.sub("", example.answer)
    overlap = rouge_l(text, reference)
    gold = gold_spans(example)
    cited = cited_spans(answer)
    answerable = example.behavior != "refuse"
    found = evidence_recall([_span(hit.passage) for hit in answer.hits], gold)
    return {
        "key_facts": _key_facts(example, answer, text),
        "key_fact_share": _share(example, answer, text),
        "rouge_l_precision": _score("rouge_l_precision", overlap.precision),
        "rouge_l_recall": _score("rouge_l_recall", overlap.recall),
        "rouge_l_f1": _score("rouge_l_f1", overlap.f1),
        "token_f1": _score("token_f1", token_f1(text, reference)),
        "exact_match": _score("exact_match", exact_match(text, reference)),
        "refusal": _score("refusal", float(answer.refused)),
        "irrelevant_refusal": _score(
            "irrelevant_refusal",
            float(answer.refused) if answerable and found == 1.0 else None,
            "the passages do not hold the evidence" if answerable else "the question has no answer",
        ),
        "missed_refusal": _score(
            "missed_refusal", None if answerable else float(not answer.refused), "the question has an answer"
        ),
        "citation_precision": _score(
            "citation_precision", citation_precision(cited, gold), "nothing is cited, or nothing is gold"
        ),
        "citation_recall": _score("citation_recall", citation_recall(cited, gold), "nothing is gold"),
        "retrieval_recall": _score("retrieval_recall", found, "nothing is gold"),
        "answer_words": _score("answer_words", float(len(tokens(text)))),
        "answer_tokens": _score("answer_tokens", float(answer.completion_tokens)),
        "prompt_tokens": _score("prompt_tokens", float(answer.prompt_tokens)),
    }


def gold_spans(example: Example) -> list[Span]:
    """Where the evidence stands: each quote in the first gold passage that holds it, and the gold passages that hold
    no whole quote."""
    gold = [passage for passage in example.passages if passage.id in example.gold]
    spans: list[Span] = []
    for quote in example.quotes:
        for passage in gold:
            if span := locate(quote.text, passage.text):
                spans.append(Span(passage.document_id, passage.start + span[0], passage.start + span[1]))
                break
    others = [each for each in gold if not any(locate(quote.text, each.shown) for quote in example.quotes)]
    return spans + [_span(passage) for passage in others]


def cited_spans(answer: Answer) -> list[Span]:
    """The passages that an answer cites, each once."""
    passages = {hit.passage.id: hit.passage for hit in answer.hits}
    spans = (
        _span(passages[each.passage_id])
        if each.passage_id in passages
        else Span(each.document_id, each.start, each.end)
        for each in answer.citations
    )
    return list(dict.fromkeys(spans))


def _span(passage: Passage) -> Span:
    return Span(passage.document_id, passage.start, passage.end)


def _key_facts(example: Example, answer: Answer, text: str) -> Score:
    if example.behavior == "refuse":
        return _score("key_facts", float(answer.refused))
    if answer.refused and (example.facts.must or example.facts.must_not):
        return _score("key_facts", 0.0)
    return _score("key_facts", key_fact_score(text, example.facts, example.language), "the question has no key facts")


def _share(example: Example, answer: Answer, text: str) -> Score:
    if example.behavior == "refuse":
        return _score("key_fact_share", float(answer.refused))
    share = key_fact_share(text, example.facts, example.language)
    if answer.refused and share is not None:
        share = 0.0
    return _score("key_fact_share", share, "the question has no key facts")


def _score(metric: str, value: float | None, reason: str = "") -> Score:
    return Score(metric=metric, value=value, reason=reason if value is None else "")
