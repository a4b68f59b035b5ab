"""ROUGE-L, token F1 and exact match, in any script."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opora.metrics.rouge import exact_match, rouge_l, token_f1, tokens

WORDS = st.lists(st.sampled_from("а б в кот дом 12 x".split()), max_size=12).map(" ".join)


def longest_common_subsequence(left, right):
    """Dynamic programming as in Wagner and Fischer (1974)."""
    table = [[0] * (len(right) + 1) for _ in range(len(left) + 1)]
    for i, left_word in enumerate(left):
        for j, right_word in enumerate(right):
            table[i + 1][j + 1] = table[i][j] + 1 if left_word == right_word else max(table[i][j + 1], table[i + 1][j])
    return table[-1][-1]


@given(WORDS, WORDS)
def test_rouge_l_equals_the_textbook_algorithm(answer, reference):
    left, right = tokens(answer), tokens(reference)
    common = longest_common_subsequence(left, right)
    score = rouge_l(answer, reference)
    assert score.precision == pytest.approx(common / len(left) if common else 0)
    assert score.recall == pytest.approx(common / len(right) if common else 0)


@pytest.mark.parametrize(
    ("answer", "reference", "precision", "recall", "f1"),
    [
        ("the cat sat", "the cat sat", 1, 1, 1),
        ("Кот сидел на крыше", "кот сидел", 0.5, 1, 2 / 3),
        ("на крыше кот", "кот на крыше", 2 / 3, 2 / 3, 2 / 3),
        ("ёлка", "Елка", 1, 1, 1),
        ("", "кот", 0, 0, 0),
        ("кот", "", 0, 0, 0),
    ],
)
def test_rouge_l(answer, reference, precision, recall, f1):
    assert rouge_l(answer, reference) == pytest.approx((precision, recall, f1))


@pytest.mark.parametrize(
    ("answer", "reference", "f1", "same"),
    [("a b", "b a", 1, 0), ("a b", "a, b.", 1, 1), ("a a b", "a", 0.5, 0), ("x", "y", 0, 0), ("", "", 0, 1)],
)
def test_bags(answer, reference, f1, same):
    assert token_f1(answer, reference) == pytest.approx(f1)
    assert exact_match(answer, reference) == same
