import pytest

from opora.text.citation_marks import cited_numbers, filter_marks, remove_marks, renumber_marks


@pytest.mark.parametrize(
    ("text", "numbers", "without"),
    [
        ("It is 12 EUR. [1] [9]", [1, 9], "It is 12 EUR."),
        ("Срок [2] — 5 дней [2].", [2, 2], "Срок — 5 дней."),
        ("an array[x], a year [no mark]", [], "an array[x], a year [no mark]"),
        ("", [], ""),
    ],
)
def test_marks_are_read_and_removed(text, numbers, without):
    assert cited_numbers(text) == numbers
    assert remove_marks(text) == without


@pytest.mark.parametrize(
    ("text", "filtered"),
    [
        ("It is 12 EUR[1].", "It is 12 EUR [1]."),
        ("It is 12 EUR [ 1; 9,2 ].", "It is 12 EUR [1] [2]."),
        ("It is 12 EUR. [9]", "It is 12 EUR."),
        ("[a, b]", "[a, b]"),
    ],
)
def test_marks_are_filtered(text, filtered):
    assert filter_marks(text, lambda number: number < 5) == filtered


def test_marks_are_renumbered():
    assert renumber_marks("a [1] b [2]", {1: 2, 2: 1}) == "a [2] b [1]"
