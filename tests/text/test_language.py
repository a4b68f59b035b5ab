import pytest

from opora.text.language import detect_language, detect_languages

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


DEEDS = "Договорът влиза в сила от деня на подписването му от двете страни и се сключва за срок от една година."
CONTRACT = "Договор вступает в силу со дня подписания обеими сторонами и заключается сроком на один год."
LEASE = "The lease takes effect on the day on which both parties sign it and is made for a term of one year."
NAMES = "Printed for the shops in Bikol, Cebuano, Waray, Ilokano, Tagalog, Pampanga and sold by the firm since 1975."
CORPORA = [
    ([CONTRACT, "Машина Зима, л\nЛето, л\nКран 14 11"], "ru ru"),
    ([CONTRACT, "12 500 — 14"], "ru ru"),
    ([DEEDS, "Цена, лв", "Срок: пет дни"], "bg bg bg"),
    ([CONTRACT, LEASE, NAMES, "Fee, oil"], "ru en en en"),
    ([], ""),
]


@pytest.mark.parametrize(("texts", "expected"), CORPORA)
def test_documents_take_the_languages_of_their_corpus(texts, expected):
    assert detect_languages(texts) == expected.split()


def test_documents_take_the_language_of_their_folder():
    texts, folders = [DEEDS, CONTRACT * 2, "Срок: пет дни"], ["bg", "ru", "ru"]
    assert detect_languages(texts, folders) == ["bg", "ru", "ru"]


def test_documents_are_in_the_languages_of_the_settings():
    assert detect_languages([DEEDS, LEASE], among=("ru", "en")) == ["ru", "en"]


@pytest.mark.parametrize("question", ["Какова цена договора?", "Кто директор?", "Что известно про архив?"])
def test_short_questions_are_in_a_language_of_the_package(question):
    assert (detect_language(question), detect_language(question, among={"ru", "mk", "en"})) == ("ru", "ru")
