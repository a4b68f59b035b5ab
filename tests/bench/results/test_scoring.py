"""Scores of one answer: a metric that applies has a value, any other a reason."""

import pytest

from opora.bench.results.metrics import score_answer
from opora.records import Answer, Citation, Example, Hit, KeyFacts, Passage, Quote

REFUSAL = "The documents do not contain an answer to this question."


def passage(number, text, start):
    return Passage(id=f"d-{number}", document_id="d", text=text, start=start, end=start + len(text))


GOLD = passage(0, "A fee of 12 EUR is due each day. It is paid at the pier.", 0)
OTHER = passage(1, "Dogs travel free of charge.", 60)
QUESTION = Example(
    id="q", question="What is the fee?", answer="The fee is 12 EUR [1].", language="en",
    quotes=(Quote(document="d", text="A fee of 12 EUR is due each day."),), passages=(GOLD,), gold=("d-0",),
    facts=KeyFacts(must=(("12",),), must_not=("13",)),
)  # fmt: skip
NOTHING = Example(id="n", question="Who?", answer=REFUSAL, language="en", behavior="refuse")
NO_FACTS = QUESTION.model_copy(update={"facts": KeyFacts()})
FALSE_PREMISE = QUESTION.model_copy(update={"behavior": "correct"})


def answer(text, *cited, hits=(GOLD, OTHER), refused=False):
    citations = [
        Citation(
            document_id="d",
            passage_id=source.id,
            start=source.start + offset,
            end=source.end,
            text=source.text[offset:],
            location="",
        )
        for source, offset in cited
    ]
    ranked = tuple(Hit(passage=hit, rank=rank) for rank, hit in enumerate(hits, 1))
    return Answer(text=text, refused=refused, citations=tuple(citations), hits=ranked)


@pytest.mark.parametrize(
    ("example", "answer", "metric", "value"),
    [
        (QUESTION, answer("It is 12 EUR. [1]"), "key_fact_accuracy", 1.0),
        (QUESTION, answer("It is due. [12]"), "key_fact_accuracy", 0.0),  # a mark is no number of the answer
        (QUESTION, answer("12, or 13 on Sunday"), "key_fact_accuracy", 0.0),
        (QUESTION, answer("12, or 13 on Sunday"), "key_fact_recall", 1.0),
        (QUESTION, answer(f"{REFUSAL} Not 12.", refused=True), "key_fact_accuracy", 0.0),
        (QUESTION, answer(f"{REFUSAL} Not 12.", refused=True), "key_fact_recall", 0.0),
        (NOTHING, answer(REFUSAL, refused=True), "key_fact_accuracy", 1.0),
        (NOTHING, answer("It is 12 EUR."), "key_fact_accuracy", 0.0),
        (NO_FACTS, answer("It is 12 EUR."), "key_fact_accuracy", None),
        (NO_FACTS, answer(REFUSAL, refused=True), "key_fact_accuracy", None),
        (FALSE_PREMISE, answer("No: it is 12 EUR."), "key_fact_accuracy", 1.0),
        (FALSE_PREMISE, answer(REFUSAL, refused=True), "false_refusal", 1.0),
        (QUESTION, answer("The fee is 12 EUR. [1]"), "rouge_l_f1", 1.0),
        (QUESTION, answer(REFUSAL, refused=True), "false_refusal", 1.0),
        (QUESTION, answer("12"), "false_refusal", 0.0),
        (QUESTION, answer(REFUSAL, hits=[OTHER], refused=True), "false_refusal", None),
        (QUESTION, answer(REFUSAL, hits=[OTHER], refused=True), "context_recall", 0.0),
        (NOTHING, answer(REFUSAL, refused=True), "false_refusal", None),
        (QUESTION, answer("12"), "answered_unanswerable", None),
        (NOTHING, answer("12"), "answered_unanswerable", 1.0),
        (NOTHING, answer(REFUSAL, refused=True), "answered_unanswerable", 0.0),
        (QUESTION, answer("12", (GOLD, 0)), "citation_precision", 1.0),
        (QUESTION, answer("12", (GOLD, 33)), "citation_precision", 1.0),  # another sentence of the same passage
        (QUESTION, answer("12", (GOLD, 0), (GOLD, 33), (OTHER, 0)), "citation_precision", 0.5),
        (QUESTION, answer("12", (GOLD, 0), (OTHER, 0)), "citation_recall", 1.0),
        (QUESTION, answer("12", (OTHER, 0)), "citation_recall", 0.0),
        (QUESTION, answer("12"), "citation_precision", None),
        (QUESTION, answer("12"), "citation_recall", 0.0),
        (NOTHING, answer("12", (OTHER, 0)), "citation_recall", None),
    ],
)
def test_score(example, answer, metric, value):
    score = score_answer(example, answer)[metric]
    assert score.value == value
    assert bool(score.reason) == (value is None)


def test_a_quote_that_was_cut_counts_by_the_passages_that_hold_its_parts():
    parts = (passage(2, "A fee of 12 EUR", 0), passage(3, "is due each day.", 16))
    example = QUESTION.model_copy(update={"passages": parts, "gold": ("d-2", "d-3")})
    scores = score_answer(example, answer("12", (parts[0], 0), hits=parts))
    assert (scores["citation_recall"].value, scores["context_recall"].value) == (0.5, 1.0)
