"""No test question, answer or evidence was trained on."""

import pytest

from opora.errors import InputError
from opora.examples.contamination import ExampleTexts, check_leaks, find_leaks

TWELVE = "one two three four five six seven eight nine ten eleven twelve"


def checked(id, question, evidence=(), seen=()):
    return ExampleTexts(id, question, (question, *evidence), (question, *seen))


@pytest.mark.parametrize(
    ("trained", "tested", "kinds"),
    [
        (checked("a", "What is the fee?"), checked("b", "Who built the ship?"), []),
        (checked("a", "What is the fee?"), checked("b", "what is  the FEE"), ["same question"]),
        (checked("a", "Какой срок хранения?"), checked("b", "Какой срок хранения"), ["same question"]),
        (checked("a", "x", seen=[f"so {TWELVE}."]), checked("b", "y", [f"{TWELVE} then"]), ["12 consecutive words"]),
        (checked("a", "x", seen=[TWELVE[:-7]]), checked("b", "y", [TWELVE[:-7]]), []),
        (
            checked("a", "What is the daily fee of the northern ferry?"),
            checked("b", "What is the daily fees of the northern ferry?"),
            ["near-duplicate question"],
        ),
        (checked("a", "How long is the ferry Aurora?"), checked("b", "How long is the ferry Celeste?"), []),
        (
            checked("a", "What was the revenue of the group in 2022?"),
            checked("b", "What was the revenue of the group in 2023?"),
            [],
        ),
    ],
)
def test_find(trained, tested, kinds):
    assert [leak.kind for leak in find_leaks([trained], [tested])] == kinds


def test_a_leak_is_loud_and_named():
    with pytest.raises(InputError, match=r"leak between train and test: same question in 'a' and 'b': .*\(1 in all\)"):
        check_leaks({"train": [checked("a", "What?")], "valid": [], "test": [checked("b", "What?")]})


def test_every_two_splits_are_compared():
    with pytest.raises(InputError, match="between train and valid"):
        check_leaks({"train": [checked("a", "What?")], "valid": [checked("b", "What?")], "test": []})
