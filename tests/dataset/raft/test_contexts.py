"""Questions over the same passages: read once, hard for each other, and answered by their own gold alone."""

import random
from collections import Counter, defaultdict
from itertools import combinations

import pytest

from opora.dataset.raft.contexts import TrainingQuestion, share_contexts
from opora.dataset.raft.prompts import RowMaker
from opora.dataset.raft.settings import RaftSettings
from opora.examples.distractors import Distractors, holds_answer
from opora.records import Example, Hit, Passage, Quote

SHIPS = ["Aurora", "Boreas", "Celeste", "Dione"]
PARTS = ["cabins", "decks", "boats", "engines", "masts", "doors"]


def passage(ship, part):
    text, start = f"The {ship} has {10 * SHIPS.index(ship) + PARTS.index(part)} {part}.", 100 * PARTS.index(part)
    return Passage(
        id=f"{ship}-{part}", document_id=ship, text=text, start=start, end=start + len(text),
        metadata={"source": f"en/{ship}.md", "title": "", "language": "en"},
    )  # fmt: skip


PASSAGES = [passage(ship, part) for ship in SHIPS for part in PARTS]


def asks(name, ship, *parts):
    gold = [passage(ship, part) for part in parts]
    return Example(
        id=f"{ship}.{name}", question=f"{name}: how many {' and '.join(parts) or 'cats'} has {ship}?",
        answer="So many.", language="en", behavior="answer" if parts else "refuse", documents=(ship,),
        quotes=tuple(Quote(document=ship, text=each.text) for each in gold),
        passages=tuple(gold), gold=tuple(each.id for each in gold),
    )  # fmt: skip


EXAMPLES = [
    example
    for ship in SHIPS
    for example in (
        *(asks(f"{n}.{part}", ship, part) for n in range(2) for part in PARTS[:4]),
        asks("two", ship, "cabins", "decks"),
        asks("other two", ship, "decks", "boats"),
        asks("cats", ship),
    )
]


class FewPassages:
    """Stands in for an index: passages with most words of the question first."""

    def passages(self):
        return PASSAGES

    def search(self, question, top_k, filters=None, access=None):
        asked = set(question.strip("?").split())
        found = sorted(PASSAGES, key=lambda each: -len(asked & set(each.text.strip(".").split())))
        return [Hit(passage=each, rank=n) for n, each in enumerate(found[: min(top_k, 8)], 1)]


def make(examples=EXAMPLES, hidden=(), **settings):
    settings = {"questions_per_context": 4, "distractors": 2, "variants": 3, "refusal_share": 0.2, **settings}
    maker = RowMaker(RaftSettings(**settings), Distractors(FewPassages(), hidden), examples)
    return [row for example in examples for row in maker.rows(example)]


def groups(most, variants=1):
    rows = [
        TrainingQuestion(f"{each.id}/{n}", each, each.passages, 4, refused=not each.gold)
        for each in EXAMPLES
        for n in range(variants)
    ]
    return share_contexts(rows, RaftSettings(questions_per_context=most), Distractors(FewPassages()))


def contexts(rows):
    """Ids of passages, in their order -> the rows over them."""
    found = defaultdict(list)
    for row in rows:
        found[tuple(each.id for each in row.passages)].append(row)
    return found


def test_questions_share_passages_in_one_order():
    shared = contexts(make())
    assert len(shared) < len(EXAMPLES)
    for rows in shared.values():
        assert len({row.messages[1].content.split("Question:")[0] for row in rows}) == 1


@pytest.mark.parametrize("most", [1, 2, 3, 4])
def test_groups_are_as_large_as_is_asked_for(most):
    found = groups(most)
    assert sorted(row.example.id for group in found for row in group) == sorted(each.id for each in EXAMPLES)
    assert max(map(len, found)) == most
    assert len(found) <= 1.2 * len(EXAMPLES) / most


def test_no_passage_answers_a_question_but_its_own_gold():
    examples = {each.id: each for each in EXAMPLES}
    rows = make()
    for row in rows:
        assert all(
            each.id in row.gold or not holds_answer(each, examples[row.id.split("/")[0]]) for each in row.passages
        )
        assert set(row.gold) <= {each.id for each in row.passages}
    assert any(row.behavior == "refuse" and len(contexts(rows)[tuple(p.id for p in row.passages)]) > 1 for row in rows)


@pytest.mark.parametrize("distractors", [0, 1, 2, 5])
def test_a_row_shows_as_many_passages_as_it_would_alone(distractors):
    alone = {row.id: len(row.passages) for row in make(distractors=distractors, questions_per_context=1)}
    assert {row.id: len(row.passages) for row in make(distractors=distractors)} == alone


@pytest.mark.parametrize(("share", "count"), [(0.0, 0), (0.1, 12), (0.5, 60), (1.0, 120)])
def test_the_share_without_gold_is_exact_and_every_question_has_its_variants(share, count):
    rows = make(refusal_share=share)
    assert Counter(row.id.split("/")[0] for row in rows) == {each.id: 3 for each in EXAMPLES}
    assert sum(row.behavior == "refuse" and not row.id.split("/")[0].endswith("cats") for row in rows) == count


def test_refusals_stand_beside_answers():
    beside = [rows for rows in contexts(make()).values() if len({row.behavior for row in rows}) == 2]
    refused = [row for row in make() if row.behavior == "refuse"]
    assert sum(row.behavior == "refuse" for rows in beside for row in rows) > 0.8 * len(refused)


def test_company_is_about_the_same_document_and_changes_with_the_variant():
    found = groups(3, variants=2)
    pairs = Counter(frozenset(pair) for group in found for pair in combinations([row.example.id for row in group], 2))
    assert sum(count == 1 for count in pairs.values()) > 0.8 * len(pairs)
    assert sum(len({row.example.documents for row in group}) == 1 for group in found) > 0.8 * len(found)


def test_gold_stands_at_every_place():
    rows = [row for row in make() if len(row.gold) == 1]
    places = Counter([each.id for each in row.passages].index(row.gold[0]) for row in rows)
    assert set(places) == {0, 1, 2}
    assert min(places.values()) > len(rows) / 5


def test_the_order_of_the_questions_changes_nothing_and_the_seed_does():
    by_id = [{row.id: row for row in make(examples, seed=seed)} for examples, seed in (
        (EXAMPLES, 0), (random.Random(0).sample(EXAMPLES, len(EXAMPLES)), 0), (EXAMPLES, 1),
    )]  # fmt: skip
    assert by_id[0] == by_id[1] != by_id[2]


def test_nobody_meets_across_languages():
    russian = [each.model_copy(update={"id": f"ru {each.id}", "language": "ru"}) for each in EXAMPLES]
    for rows in contexts(make([*EXAMPLES, *russian])).values():
        assert len({row.language for row in rows}) == 1


def test_hidden_documents_stay_hidden():
    rows = make([each for each in EXAMPLES if each.documents != ("Dione",)], hidden={"Dione"})
    assert not any(each.document_id == "Dione" for row in rows for each in row.passages)


def test_who_finds_no_company_has_a_context_alone():
    alone = [asks("cabins", "Aurora", "cabins"), asks("again", "Aurora", "cabins", "decks")]
    assert [len(rows) for rows in contexts(make(alone, variants=1, refusal_share=0.0)).values()] == [1, 1]
