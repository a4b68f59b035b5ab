import pytest

from opora.text.quotes import locate

FOUND = [
    ("срок 5 дней", "Общий *срок* — 5 дней.", "срок* — 5 дней"),
    ("СРОК", "Общий срок", "срок"),
    ("ещё елка", "Еще ёлка.", "Еще ёлка"),
    ("«Иди» - сказал", 'Он: "Иди", – сказал он', 'Иди", – сказал'),
    ("10 000 рублей", "ровно 10\u00a0000 рублей", "10\u00a0000 рублей"),
    ("10000 рублей", "ровно 10 000 рублей", "10 000 рублей"),
    ("-5 градусов", "до −5 градусов", "−5 градусов"),
    ("Цена 5", "| Цена | 5 |", "Цена | 5"),
    ("выставочный центр", "Вы\u0301ставочный\nцентр", "Вы\u0301ставочный\nцентр"),
    ("йод", "и\u0306од", "и\u0306од"),
    ("customer's fee", "the customer’s fee", "customer’s fee"),
    ("а б", "а в а б", "а б"),
    ("а а б", "а а а б", "а а б"),
    ("the fee", "The fee, the fee", "The fee"),
]


@pytest.mark.parametrize(("quote", "text", "expected"), FOUND)
def test_locate_finds(quote, text, expected):
    span = locate(quote, text)
    assert span
    assert text[slice(*span)] == expected


@pytest.mark.parametrize(
    ("quote", "text"),
    [
        ("срок 6 дней", "срок 5 дней"),
        ("срок 5", "срок 50"),
        ("срок 5", "срок -5"),
        ("дней срок", "срок дней"),
        ("срок дней", "срок пять дней"),
        ("рок", "срок"),
        ("срока", "срок"),
        ("2,5", "25"),
        ("", "срок"),
        ("—", "— срок"),
        ("срок", ""),
    ],
)
def test_locate_returns_none(quote, text):
    assert locate(quote, text) is None
