"""Questions share contexts in which only their own gold passages answer them."""

import random
from collections import Counter, defaultdict
from itertools import combinations

import pytest

from opora.dataset.raft.contexts import TrainingQuestion, share_contexts
from opora.dataset.raft.prompts import RaftRowMaker
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
        quotes=tuple(Quote(document=ship, text=passage.text) for passage in gold),
        passages=tuple(gold), gold=tuple(passage.id for passage in gold),
    )  # fmt: skip


EXAMPLES = [
    example
    for ship in SHIPS
    for example in (
        *(asks(f"{n}.{part}", ship, part) for n in range(2) for part in PARTS[:4]),
        asks("two", ship, "cabins", "decks"),
        asks("two more", ship, "decks", "boats"),
        asks("cats", ship),
    )
]


class FewPassages:
    """Stub of an index that ranks passages by shared words."""

    def passages(self):
        return PASSAGES

    def search(self, question, top_k, filters=None, access=None):
        words = set(question.strip("?").split())
        ranked = sorted(PASSAGES, key=lambda passage: -len(words & set(passage.text.strip(".").split())))
        return [Hit(passage=passage, rank=n) for n, passage in enumerate(ranked[: min(top_k, 8)], 1)]


def make(examples=EXAMPLES, hidden=(), **settings):
    settings = {"questions_per_context": 4, "distractors": 2, "variants": 3, "refusal_share": 0.2, **settings}
    maker = RaftRowMaker(RaftSettings(**settings), Distractors(FewPassages(), hidden), examples)
    return [row for example in examples for row in maker.rows(example)]


def grouped(size, variants=1):
    rows = [
        TrainingQuestion(f"{example.id}/{n}", example, example.passages, 4, refused=not example.gold)
        for example in EXAMPLES
        for n in range(variants)
    ]
    return share_contexts(rows, RaftSettings(questions_per_context=size), Distractors(FewPassages()))


def contexts(rows):
    """Return rows by the ids of their passages, in order."""
    groups = defaultdict(list)
    for row in rows:
        groups[tuple(passage.id for passage in row.passages)].append(row)
    return groups


def test_questions_share_passages_in_one_order():
    shared = contexts(make())
    assert len(shared) < len(EXAMPLES)
    for rows in shared.values():
        assert len({row.messages[1].content.split("Question:")[0] for row in rows}) == 1


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_groups_have_the_size_of_the_setting(size):
    groups = grouped(size)
    assert sorted(row.example.id for group in groups for row in group) == sorted(example.id for example in EXAMPLES)
    assert max(map(len, groups)) == size
    assert len(groups) <= 1.2 * len(EXAMPLES) / size


def test_only_its_own_gold_answers_a_question():
    examples = {example.id: example for example in EXAMPLES}
    rows = make()
    for row in rows:
        assert all(
            passage.id in row.gold or not holds_answer(passage, examples[row.id.split("/")[0]])
            for passage in row.passages
        )
        assert set(row.gold) <= {passage.id for passage in row.passages}
    assert any(row.behavior == "refuse" and len(contexts(rows)[tuple(p.id for p in row.passages)]) > 1 for row in rows)


@pytest.mark.parametrize("distractors", [0, 1, 2, 5])
def test_sharing_does_not_change_the_number_of_passages(distractors):
    alone = {row.id: len(row.passages) for row in make(distractors=distractors, questions_per_context=1)}
    assert {row.id: len(row.passages) for row in make(distractors=distractors)} == alone


@pytest.mark.parametrize(("share", "count"), [(0.0, 0), (0.1, 12), (0.5, 60), (1.0, 120)])
def test_the_refusal_share_is_exact_and_every_question_has_its_variants(share, count):
    rows = make(refusal_share=share)
    assert Counter(row.id.split("/")[0] for row in rows) == {example.id: 3 for example in EXAMPLES}
    assert sum(row.behavior == "refuse" and not row.id.split("/")[0].endswith("cats") for row in rows) == count


def test_refusals_share_contexts_with_answers():
    mixed = [rows for rows in contexts(make()).values() if len({row.behavior for row in rows}) == 2]
    refused = [row for row in make() if row.behavior == "refuse"]
    assert sum(row.behavior == "refuse" for rows in mixed for row in rows) > 0.8 * len(refused)


def test_groups_share_a_document_and_differ_between_variants():
    groups = grouped(3, variants=2)
    pairs = Counter(frozenset(pair) for group in groups for pair in combinations([row.example.id for row in group], 2))
    assert sum(count == 1 for count in pairs.values()) > 0.8 * len(pairs)
    assert sum(len({row.example.documents for row in group}) == 1 for group in groups) > 0.8 * len(groups)


def test_gold_takes_every_position():
    rows = [row for row in make() if len(row.gold) == 1]
    positions = Counter([passage.id for passage in row.passages].index(row.gold[0]) for row in rows)
    assert set(positions) == {0, 1, 2}
    assert min(positions.values()) > len(rows) / 5


def test_rows_depend_on_the_seed_and_not_on_the_order_of_questions():
    by_id = [{row.id: row for row in make(examples, seed=seed)} for examples, seed in (
        (EXAMPLES, 0), (random.Random(0).sample(EXAMPLES, len(EXAMPLES)), 0), (EXAMPLES, 1),
    )]  # fmt: skip
    assert by_id[0] == by_id[1] != by_id[2]


def test_groups_have_one_language():
    russian = [example.model_copy(update={"id": f"ru {example.id}", "language": "ru"}) for example in EXAMPLES]
    for rows in contexts(make([*EXAMPLES, *russian])).values():
        assert len({row.language for row in rows}) == 1


def test_hidden_documents_stay_hidden():
    rows = make([example for example in EXAMPLES if example.documents != ("Dione",)], hidden={"Dione"})
    assert not any(passage.document_id == "Dione" for row in rows for passage in row.passages)


def test_a_question_that_suits_no_other_has_its_own_context():
    alone = [asks("cabins", "Aurora", "cabins"), asks("again", "Aurora", "cabins", "decks")]
    assert [len(rows) for rows in contexts(make(alone, variants=1, refusal_share=0.0)).values()] == [1, 1]
