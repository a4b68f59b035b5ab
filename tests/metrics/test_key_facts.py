"""Key facts match words in any form and numbers by value."""

import pytest

from opora.metrics.key_facts import contains_fact, key_fact_recall, key_fact_score
from opora.records import KeyFacts


@pytest.mark.parametrize(
    ("text", "fact", "language", "contained"),
    [
        ("Срок хранения документов — пять лет.", ["документ"], "ru", True),
        ("Хранить 10 000,5 кг.", ["10000.5"], "ru", True),
        ("Хранить 12,5 кг.", ["12"], "ru", False),
        ("Хранить 12 кг.", ["12,5", "12"], "ru", True),
        ("Тяжелые двери", ["тяжёлый"], "ru", True),
        ("The filters last 12.5 hours.", ["filter"], "en", True),
        ("The filters last 12.50 hours.", ["12.5"], "en", True),
        ("It cost 10,000 EUR.", ["10000"], "en", True),
        ("It lasts 112 hours.", ["12"], "en", False),
        ("The main pump failed.", ["main pump"], "en", True),
        ("The pump is the main one.", ["main pump"], "en", False),
        ("", ["a"], "en", False),
        ("a", [""], "en", False),
    ],
)
def test_contains_fact(text, fact, language, contained):
    assert contains_fact(text, fact, language) is contained


@pytest.mark.parametrize(
    ("text", "must", "must_not", "score", "share"),
    [
        ("5 pumps on Monday", (("5", "five"), ("Monday",)), (), 1.0, 1.0),
        ("five pumps on Monday", (("5", "five"), ("Monday",)), (), 1.0, 1.0),
        ("5 pumps on Friday", (("5",), ("Monday",)), (), 0.0, 0.5),
        ("5 pumps, not 7", (("5",),), ("7",), 0.0, 1.0),
        ("5 pumps", (("5",),), ("7",), 1.0, 1.0),
        ("anything", (), (), None, None),
        ("7 pumps", (), ("7",), 0.0, None),
    ],
)
def test_score(text, must, must_not, score, share):
    facts = KeyFacts(must=must, must_not=must_not)
    assert (key_fact_score(text, facts, "en"), key_fact_recall(text, facts, "en")) == (score, share)
