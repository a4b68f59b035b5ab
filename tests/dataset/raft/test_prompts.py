"""RAFT rows: quotes before the answer, and a refusal without gold passages."""

import random

import pytest

from opora.dataset.raft.prompts import RaftRowMaker
from opora.dataset.raft.settings import RaftSettings
from opora.examples.distractors import Distractors, holds_answer
from opora.examples.evidence import evidence
from opora.records import Example, Hit, KeyFacts, Passage, Quote

REFUSAL = "The documents do not contain an answer to this question."


def passage(number, text, document="d0", language="en", start=0):
    return Passage(
        id=f"{document}-{number}", document_id=document, text=text, start=start, end=start + len(text),
        metadata={"source": f"en/{document}.md", "title": "", "language": language},
    )  # fmt: skip


GOLD = passage(0, "The fee is 12 EUR a day. It is due on Monday.")
TWIN = passage(1, "It is due on Monday. Dogs pay nothing.", start=25)
OTHERS = [passage(0, f"Ship number {n} sails north.", document=f"d{n}") for n in range(1, 20)]
RUSSIAN = passage(0, "Паром идёт на север.", document="r1", language="ru")
TELLS = passage(0, "Old guests pay 12 EUR too.", document="d30")

EXAMPLE = Example(
    id="q1", question="What is the daily fee?", answer="It is 12 EUR.", language="en", documents=("d0",),
    quotes=(Quote(document="d0", text="The fee is 12 EUR a day."),), facts=KeyFacts(must=(("12",),)),
    passages=(GOLD, TWIN), gold=("d0-0",),
)  # fmt: skip


class FewPassages:
    """Stub of an index whose search returns all passages in order."""

    def passages(self):
        return [GOLD, TWIN, TELLS, RUSSIAN, *OTHERS]

    def search(self, question, top_k, filters=None, access=None):
        return [Hit(passage=passage, rank=n) for n, passage in enumerate(self.passages()[:top_k], 1)]


def maker(examples=(EXAMPLE,), hidden=(), **settings):
    return RaftRowMaker(RaftSettings(**settings), Distractors(FewPassages(), hidden), examples)


def test_a_row_has_gold_distractors_quotes_and_answer():
    [row] = maker(refusal_share=0.0).rows(EXAMPLE)
    number = [passage.id for passage in row.passages].index("d0-0") + 1
    assert len(row.passages) == 4
    assert row.messages[-1].content == f'Quote: "The fee is 12 EUR a day." [{number}]\nAnswer: It is 12 EUR. [{number}]'
    assert f"[{number}]" in row.messages[1].content
    assert row.messages[1].content.endswith("Question: What is the daily fee?")


def test_without_reasoning_the_answer_is_cited():
    [row] = maker(refusal_share=0.0, reasoning=False, distractors=0).rows(EXAMPLE)
    assert row.messages[-1].content == "It is 12 EUR. [1]"


def test_the_answer_without_gold_is_a_refusal():
    [row] = maker(refusal_share=1.0).rows(EXAMPLE)
    assert (row.messages[-1].content, row.behavior, row.gold) == (REFUSAL, "refuse", ())
    assert "d0-0" not in [passage.id for passage in row.passages]
    assert len(row.passages) == 4


@pytest.mark.parametrize(("share", "count"), [(0.0, 0), (0.1, 4), (0.25, 10), (1.0, 40)])
def test_the_refusal_share_is_exact(share, count):
    examples = [EXAMPLE.model_copy(update={"id": f"q{n}"}) for n in range(20)]
    rows_of = maker(examples, refusal_share=share, variants=2)
    rows = [row for example in examples for row in rows_of.rows(example)]
    assert len(rows) == 40
    assert sum(row.behavior == "refuse" for row in rows) == count


def test_an_unanswerable_question_has_passages_and_a_refusal():
    example = Example(id="q2", question="What?", answer=REFUSAL, language="en", behavior="refuse")
    [row] = maker([example]).rows(example)
    assert (len(row.passages), row.messages[-1].content) == (4, REFUSAL)


@pytest.mark.parametrize("hard", [0.0, 0.5, 1.0])
def test_distractors_hold_no_answer_and_avoid_hidden_documents(hard):
    distractors = Distractors(FewPassages(), {"d1"}).without({"d2"})
    for seed in range(20):
        drawn = distractors.draw([EXAMPLE], 5, hard, random.Random(seed))
        assert len({passage.id for passage in drawn}) == 5
        assert {passage.document_id for passage in drawn}.isdisjoint({"d0", "d1", "d2", "d30", "r1"})


def test_rows_depend_on_the_seed():
    assert maker().rows(EXAMPLE) == maker().rows(EXAMPLE)
    assert maker(seed=0, variants=5).rows(EXAMPLE) != maker(seed=1, variants=5).rows(EXAMPLE)


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
    assert holds_answer(passage(0, text, document="d9"), EXAMPLE) is holds


def test_terms_of_the_answer_decide_without_quotes_and_facts():
    example = EXAMPLE.model_copy(update={"quotes": (), "facts": KeyFacts(), "answer": "Northern ferries sail daily."})
    assert holds_answer(passage(0, "Northern ferries sail daily in May.", document="d9"), example)
    assert not holds_answer(passage(0, "Southern buses run weekly.", document="d9"), example)


def test_evidence_has_no_redundant_passages():
    quotes = (Quote(document="d0", text="It is due on Monday."), Quote(document="d0", text="The fee is 12 EUR a day."))
    example = EXAMPLE.model_copy(update={"quotes": quotes, "gold": ("d0-0", "d0-1")})
    assert [passage.id for passage in evidence(example)] == ["d0-0"]


def test_webglm_marks_are_renumbered():
    references = tuple(
        passage(0, text, document=f"w{n}") for n, text in enumerate(["It is so.", "It is.", "It is not."])
    )
    example = Example(
        id="w", question="Why?", answer="So it is.[2]", language="en", passages=references, gold=("w1-0",)
    )
    [row] = maker([example], refusal_share=0.0).rows(example)
    number = [passage.id for passage in row.passages].index("w1-0") + 1
    assert row.messages[-1].content == f"So it is.[{number}]"
