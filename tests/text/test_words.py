import pytest

from opora.text.words import fold, normalize_case, normalize_number, words

CASES = [
    ("Срок хранения — 5 дней.", "Срок|хранения|5|дней"),
    ("до 10 000 руб., +12,5 %", "до|10 000|руб|+12,5"),
    ("10\u00a0000\u202f000 и 2\u2009500", "10\u00a0000\u202f000|и|2\u2009500"),
    ("1 2 3", "1|2|3"),
    ("в 2024 100 человек", "в|2024|100|человек"),
    ("5 000 000,00", "5 000 000,00"),
    ("10,000.50 EUR", "10,000.50|EUR"),
    ("-5 °C, −7 °C", "-5|C|−7|C"),
    ("5-7 дней, 2019-2023", "5|7|дней|2019|2023"),
    ("ГОСТ 12.1.004-91", "ГОСТ|12.1.004|91"),
    ("01.02.2024 и 2024-01-15", "01.02.2024|и|2024|01|15"),
    ("RTX-4090, СВ-7, IP65, H2O", "RTX|4090|СВ|7|IP|65|H|2|O"),
    ("ст. 1259 ГК РФ", "ст|1259|ГК|РФ"),
    ("v1.2.3.", "v|1.2.3"),
    ("10 м², CO₂, ½", "10|м|CO"),
    ("don't О’Генри 'так'", "don't|О’Генри|так"),
    ("x_1 a.b user@mail.ru", "x|1|a|b|user|mail|ru"),
    ("Вы\u0301ставочный центр", "Вы\u0301ставочный|центр"),
    ("и\u0306од, ча\u0438\u0306", "и\u0306од|ча\u0438\u0306"),
    ("на\u00adсос", "на\u00adсос"),
    ("| Щебень | 5 |\n|---|---|", "Щебень|5"),
    ("😀 … — !", ""),
    ("", ""),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_words(text, expected):
    text_words = words(text)
    assert "|".join(word.text for word in text_words) == expected
    assert all(text[word.start : word.end] == word.text for word in text_words)


@pytest.mark.parametrize(
    ("word", "number"), [("5", True), ("-5", True), ("12.1.004", True), ("пять", False), ("м", False), ("Ⅳ", False)]
)
def test_numbers(word, number):
    [only] = words(word)
    assert only.is_number is number


@pytest.mark.parametrize(
    ("number", "language", "expected"),
    [
        ("10 000,5", "ru", "10000.5"),
        ("10\u00a0000", "ru", "10000"),
        ("10,000", "en", "10000"),
        ("10,000.50", "en", "10000.5"),
        ("10,000", "ru", "10"),  # a decimal comma
        ("0,50", "ru", "0.5"),
        ("3.0", "en", "3"),
        ("100", "ru", "100"),
        ("-5", "ru", "-5"),
        ("−5", "ru", "-5"),
        ("+5", "ru", "5"),
        ("007", "ru", "007"),
        ("12.1.004", "ru", "12.1.004"),
        ("01.02.2024", "ru", "01.02.2024"),
    ],
)
def test_normalize_number(number, language, expected):
    assert normalize_number(number, language) == expected


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("Вы\u0301ставка", "выставка"),
        ("и\u0306од", "йод"),
        ("е\u0308лка", "ёлка"),
        ("НА\u00adСОС", "насос"),
        ("customer’s", "customer's"),
        ("cafe\u0301", "café"),
    ],
)
def test_normalize_case(word, expected):
    assert normalize_case(word) == expected
    assert fold(word) == expected.replace("ё", "е")
