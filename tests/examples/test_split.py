"""Splits never share a document."""

import pytest

from opora.errors import InputError
from opora.examples.split import documents_of, split_by_document
from opora.records import Example


def example(id, documents, split=None):
    return Example(id=id, question=f"{id}?", answer="!", documents=documents, split=split)


MANY = [example(f"q{n}", (f"d{n % 10}",)) for n in range(100)]


def test_whole_documents_are_drawn():
    splits = split_by_document(MANY, valid_share=0.1, test_share=0.2, seed=0)
    assert (len(splits.test), len(splits.valid), len(splits.train)) == (20, 10, 70)
    about = [{d for each in part for d in documents_of(each)} for part in splits[:3]]
    assert not about[0] & about[1] and not about[0] & about[2] and not about[1] & about[2]  # noqa: PT018 one law


def test_the_seed_decides():
    def ids(seed):
        return {each.id for each in split_by_document(MANY, valid_share=0.1, test_share=0.2, seed=seed).test}

    assert ids(0) == ids(0)
    assert any(ids(0) != ids(seed) for seed in range(1, 5))


def test_questions_over_two_splits_are_left_out_and_kept_apart():
    across = example("across", tuple(f"d{n}" for n in range(10)))
    splits = split_by_document([*MANY, across], valid_share=0.1, test_share=0.2, seed=0)
    assert splits.spanning == [across]


def test_a_given_split_is_kept():
    given = [example("a", ("x",), "train"), example("b", ("y",), "test")]
    splits = split_by_document(given, valid_share=0.0, test_share=0.5, seed=0)
    assert ([e.id for e in splits.train], [e.id for e in splits.test]) == (["a"], ["b"])


@pytest.mark.parametrize(
    ("examples", "message"),
    [
        ([example("a", ("x",), "train"), example("b", ("x",), "test")], "'a' has the split train, but a test .* 'x'"),
        ([example("a", ("x",), "train"), example("b", ("y",))], "'b' has no split"),
    ],
)
def test_refused(examples, message):
    with pytest.raises(InputError, match=message):
        split_by_document(examples, valid_share=0.1, test_share=0.2, seed=0)
