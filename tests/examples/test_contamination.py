"""Leaks of test questions, answers or evidence into the training data are detected."""

import pytest

from opora.errors import InputError
from opora.examples.contamination import ExampleTexts, check_leaks, find_leaks

TWELVE = "one two three four five six seven eight nine ten eleven twelve"


def texts(id, question, evidence=(), seen=()):
    return ExampleTexts(id, question, (question, *evidence), (question, *seen))


@pytest.mark.parametrize(
    ("trained", "tested", "kinds"),
    [
        (texts("a", "What is the fee?"), texts("b", "Who built the ship?"), []),
        (texts("a", "What is the fee?"), texts("b", "what is  the FEE"), ["same question"]),
        (texts("a", "Какой срок хранения?"), texts("b", "Какой срок хранения"), ["same question"]),
        (texts("a", "x", seen=[f"so {TWELVE}."]), texts("b", "y", [f"{TWELVE} then"]), ["12 consecutive words"]),
        (texts("a", "x", seen=[TWELVE[:-7]]), texts("b", "y", [TWELVE[:-7]]), []),
        (
            texts("a", "What is the daily fee of the northern ferry?"),
            texts("b", "What is the daily fees of the northern ferry?"),
            ["near-duplicate question"],
        ),
        (texts("a", "How long is the ferry Aurora?"), texts("b", "How long is the ferry Celeste?"), []),
        (
            texts("a", "What was the revenue of the group in 2022?"),
            texts("b", "What was the revenue of the group in 2023?"),
            [],
        ),
    ],
)
def test_leaks_are_found(trained, tested, kinds):
    assert [leak.kind for leak in find_leaks([trained], [tested])] == kinds


def test_a_leak_is_an_error_that_names_it():
    with pytest.raises(InputError, match=r"leak between train and test: same question in 'a' and 'b': .*\(1 in all\)"):
        check_leaks({"train": [texts("a", "What?")], "valid": [], "test": [texts("b", "What?")]})


def test_all_pairs_of_splits_are_compared():
    with pytest.raises(InputError, match="between train and valid"):
        check_leaks({"train": [texts("a", "What?")], "valid": [texts("b", "What?")], "test": []})
