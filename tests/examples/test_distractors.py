"""Distractors hold no answer and do not come from hidden documents."""

import random

import pytest

from opora.examples.distractors import Distractors, holds_answer
from opora.records import KeyFacts
from tests.factories import FEE_EXAMPLE, FeeIndex, make_fee_passage


@pytest.mark.parametrize("hard", [0.0, 0.5, 1.0])
def test_distractors_hold_no_answer_and_avoid_hidden_documents(hard):
    distractors = Distractors(FeeIndex(), {"d1"}).without({"d2"})
    for seed in range(20):
        drawn = distractors.draw([FEE_EXAMPLE], 5, hard, random.Random(seed))
        assert len({passage.id for passage in drawn}) == 5
        assert {passage.document_id for passage in drawn}.isdisjoint({"d0", "d1", "d2", "d30", "r1"})


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("The fee is 12 EUR a day.", True),
        ("All guests pay 12 EUR.", True),
        ("All guests pay 12.5 EUR.", False),
        ("The ship sails north.", False),
    ],
)
def test_passages_that_hold_the_answer(text, holds):
    assert holds_answer(make_fee_passage(0, text, document="d9"), FEE_EXAMPLE) is holds


def test_terms_of_the_answer_decide_without_quotes_and_facts():
    example = FEE_EXAMPLE.model_copy(
        update={"quotes": (), "facts": KeyFacts(), "answer": "Northern ferries sail daily."}
    )
    assert holds_answer(make_fee_passage(0, "Northern ferries sail daily in May.", document="d9"), example)
    assert not holds_answer(make_fee_passage(0, "Southern buses run weekly.", document="d9"), example)
