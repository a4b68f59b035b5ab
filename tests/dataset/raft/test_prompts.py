"""RAFT rows: quotes before the answer, and a refusal without gold passages."""

import pytest

from opora.dataset.raft.prompts import RaftRowMaker
from opora.dataset.raft.settings import RaftSettings
from opora.examples.distractors import Distractors
from opora.records import Example
from tests.factories import FEE_EXAMPLE, FeeIndex, make_fee_passage

REFUSAL = "The documents do not contain an answer to this question."


def maker(examples=(FEE_EXAMPLE,), hidden=(), **settings):
    return RaftRowMaker(RaftSettings(**settings), Distractors(FeeIndex(), hidden), examples)


def test_a_row_has_gold_distractors_quotes_and_answer():
    [row] = maker(refusal_share=0.0).rows(FEE_EXAMPLE)
    number = [passage.id for passage in row.passages].index("d0-0") + 1
    assert len(row.passages) == 4
    assert row.messages[-1].content == f'Quote: "The fee is 12 EUR a day." [{number}]\nAnswer: It is 12 EUR. [{number}]'
    assert f"[{number}]" in row.messages[1].content
    assert row.messages[1].content.endswith("Question: What is the daily fee?")


def test_without_reasoning_the_answer_is_cited():
    [row] = maker(refusal_share=0.0, reasoning=False, distractors=0).rows(FEE_EXAMPLE)
    assert row.messages[-1].content == "It is 12 EUR. [1]"


def test_the_answer_without_gold_is_a_refusal():
    [row] = maker(refusal_share=1.0).rows(FEE_EXAMPLE)
    assert (row.messages[-1].content, row.behavior, row.gold) == (REFUSAL, "refuse", ())
    assert "d0-0" not in [passage.id for passage in row.passages]
    assert len(row.passages) == 4


@pytest.mark.parametrize(("share", "count"), [(0.0, 0), (0.1, 4), (0.25, 10), (1.0, 40)])
def test_the_refusal_share_is_exact(share, count):
    examples = [FEE_EXAMPLE.model_copy(update={"id": f"q{n}"}) for n in range(20)]
    rows_of = maker(examples, refusal_share=share, variants=2)
    rows = [row for example in examples for row in rows_of.rows(example)]
    assert len(rows) == 40
    assert sum(row.behavior == "refuse" for row in rows) == count


def test_an_unanswerable_question_has_passages_and_a_refusal():
    example = Example(id="q2", question="What?", answer=REFUSAL, language="en", behavior="refuse")
    [row] = maker([example]).rows(example)
    assert (len(row.passages), row.messages[-1].content) == (4, REFUSAL)


def test_rows_depend_on_the_seed():
    assert maker().rows(FEE_EXAMPLE) == maker().rows(FEE_EXAMPLE)
    assert maker(seed=0, variants=5).rows(FEE_EXAMPLE) != maker(seed=1, variants=5).rows(FEE_EXAMPLE)


def test_webglm_marks_are_renumbered():
    references = tuple(
        make_fee_passage(0, text, document=f"w{n}") for n, text in enumerate(["It is so.", "It is.", "It is not."])
    )
    example = Example(
        id="w", question="Why?", answer="So it is.[2]", language="en", passages=references, gold=("w1-0",)
    )
    [row] = maker([example], refusal_share=0.0).rows(example)
    number = [passage.id for passage in row.passages].index("w1-0") + 1
    assert row.messages[-1].content == f"So it is.[{number}]"
