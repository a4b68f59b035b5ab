import pytest

from opora.text.citation_marks import (
    cited_numbers,
    filter_marks,
    normalize_marks,
    remove_copied_marks,
    remove_marks,
    remove_own_marks,
    renumber_marks,
    space_own_marks,
)


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


@pytest.mark.parametrize(
    ("text", "normalized"),
    [
        ("It is 12 EUR[1][2].", "It is 12 EUR [1] [2]."),
        ("It is 12 EUR [1, 2].", "It is 12 EUR [1] [2]."),
        ("Ремень меняют раз в год[1-3].", "Ремень меняют раз в год [1] [2] [3]."),
        ("Срок — 5 дней 【2】", "Срок — 5 дней [2]"),
        ("It is due【1†fees.md】.", "It is due [1]."),
        ("It is due [[2]] daily [^1].", "It is due [2] daily [1]."),
        ("It is due daily (1).", "It is due daily [1]."),
        ("It is due daily.¹ Dogs are free.²", "It is due daily. [1] Dogs are free. [2]"),
        ("Площадь участка 25 м² и 30 км².", "Площадь участка 25 м² и 30 км²."),
        ("(1) Open the valve. (2) Close it.", "(1) Open the valve. (2) Close it."),
        ("Steps: (1) open, (2) close.", "Steps: (1) open, (2) close."),
        ("Founded in a town (12).", "Founded in a town (12)."),
        ("It is due daily (1) [2].", "It is due daily (1) [2]."),
        ("a list[1-900]", "a list[1-900]"),
        ("a range [9-3]", "a range [9-3]"),
        ("[a, b] [x1]", "[a, b] [x1]"),
    ],
)
def test_marks_of_any_form_are_normalized(text, normalized):
    assert normalize_marks(text, 4) == normalized


@pytest.mark.parametrize(
    ("sentence", "without"),
    [
        ("Скорость равна 0,12 мм в год [7].", "Скорость равна 0,12 мм в год."),
        ("Zinc[12] slows it [3, 9], as [4-6] say.", "Zinc slows it, as say."),
        ("Read a[0] and buf[10] in order.", "Read a[ 0 ] and buf[ 10 ] in order."),
        ("A list [a] of [2 kg] bags.", "A list [a] of [2 kg] bags."),
    ],
)
def test_marks_of_a_document_are_removed(sentence, without):
    assert remove_own_marks(sentence) == without
    assert cited_numbers(remove_own_marks(sentence)) == []


SOURCES = ("Скорость равна 0,12 мм в год [7]. Цинк снижает её втрое [3, 9].", "Цинк снижает её втрое [1].")


@pytest.mark.parametrize(
    ("text", "without"),
    [
        ("Скорость равна 0,12 мм в год [7]. [1]", "Скорость равна 0,12 мм в год. [1]"),
        ("Скорость равна 0,12 мм в год [7] [1].", "Скорость равна 0,12 мм в год [1]."),
        ("Цинк снижает её втрое [3] [9].", "Цинк снижает её втрое."),
        ("Цинк снижает её втрое [2].", "Цинк снижает её втрое [2]."),
        ("Цинк помогает [1].", "Цинк помогает [1]."),
    ],
)
def test_marks_copied_from_a_source_are_removed(text, without):
    assert remove_copied_marks(text, SOURCES) == without


def test_marks_of_a_document_beside_those_of_an_answer():
    shown = space_own_marks("Zinc slows it threefold [3, 9], see a[0].")
    assert shown == "Zinc slows it threefold [ 3, 9 ], see a[ 0 ]."
    assert cited_numbers(shown) == []
