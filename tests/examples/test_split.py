"""Splits share no document."""

import pytest

from opora.errors import InputError
from opora.examples.split import documents_of, split_by_document
from opora.records import Example


def example(id, documents, split=None):
    return Example(id=id, question=f"{id}?", answer="!", documents=documents, split=split)


MANY = [example(f"q{n}", (f"d{n % 10}",)) for n in range(100)]


def test_splits_have_whole_documents():
    splits = split_by_document(MANY, valid_share=0.1, test_share=0.2, seed=0)
    assert (len(splits.test), len(splits.valid), len(splits.train)) == (20, 10, 70)
    train, valid, test = ({name for example in part for name in documents_of(example)} for part in splits[:3])
    assert not train & valid and not train & test and not valid & test  # noqa: PT018 one property


def test_splits_depend_on_the_seed():
    def ids(seed):
        return {example.id for example in split_by_document(MANY, valid_share=0.1, test_share=0.2, seed=seed).test}

    assert ids(0) == ids(0)
    assert any(ids(0) != ids(seed) for seed in range(1, 5))


def test_questions_that_span_splits_are_left_out():
    across = example("across", tuple(f"d{n}" for n in range(10)))
    splits = split_by_document([*MANY, across], valid_share=0.1, test_share=0.2, seed=0)
    assert splits.spanning == [across]


def test_existing_splits_are_kept():
    examples = [example("a", ("x",), "train"), example("b", ("y",), "test")]
    splits = split_by_document(examples, valid_share=0.0, test_share=0.5, seed=0)
    assert ([e.id for e in splits.train], [e.id for e in splits.test]) == (["a"], ["b"])


@pytest.mark.parametrize(
    ("examples", "message"),
    [
        ([example("a", ("x",), "train"), example("b", ("x",), "test")], "'a' has the split train, but a test .* 'x'"),
        ([example("a", ("x",), "train"), example("b", ("y",))], "'b' has no split"),
    ],
)
def test_inconsistent_splits_are_errors(examples, message):
    with pytest.raises(InputError, match=message):
        split_by_document(examples, valid_share=0.1, test_share=0.2, seed=0)
