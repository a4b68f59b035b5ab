import pytest

from opora.text.language import detect_language

BOTH = {"ru", "en"}
CASES = [
    ("Какой срок хранения?", BOTH, "ru"),
    ("What is the fee?", BOTH, "en"),
    ("fee", BOTH, "en"),
    ("срок", BOTH, "ru"),
    ("ЧТО ТАКОЕ NPSH?", BOTH, "ru"),
    ("Что такое PostgreSQL replication?", BOTH, "ru"),
    ("Как настроить git rebase interactive?", BOTH, "ru"),
    ("Who is Роман Чехов?", BOTH, "en"),
    ("Where is улица Ленина?", BOTH, "en"),
    ("ГОСТ 12.1.004-91 fire safety requirements", BOTH, "en"),
    ("12 500", BOTH, "en"),
    ("", BOTH, "en"),
    ("😀", {"ru"}, "ru"),
    ("What is the fee?", {"ru"}, "ru"),
    ("Was kostet die Fahrt mit der Fähre?", {"de", "en", "ru"}, "de"),
    ("Скільки коштує квиток на потяг?", {"uk", "ru", "en"}, "uk"),
    ("Срок хранения составляет пять дней, плата не взимается.", (), "ru"),
    ("The storage period is five days and no fee is charged.", (), "en"),
    ("La durée de conservation est de cinq jours.", (), "fr"),
    ("Скільки коштує квиток на потяг до Києва?", (), "uk"),
    ("", (), "en"),
    ("123 — 45", (), "en"),
    ("срок хранения", {"xx"}, "xx"),
]


@pytest.mark.parametrize(("text", "among", "expected"), CASES)
def test_detect_language(text, among, expected):
    assert detect_language(text, among=among) == expected


def test_text_of_codes_has_a_language():
    assert detect_language("NPSH 3175 XJ-9") != "zxx"


def test_long_text_is_sampled():
    assert detect_language("срок хранения " * 100_000, among=BOTH) == "ru"
