import pytest
from pymorphy3 import MorphAnalyzer

from opora.text.terms import lemma, normal_form, term, terms

SAME = [
    ("ru", "штраф штрафы штрафом штрафов ШТРАФ"),
    ("ru", "человек люди людьми"),
    ("ru", "хранение хранения"),
    ("ru", "ёлка елка ёлки Ёлку е\u0308лок"),
    ("ru", "выставочный вы\u0301ставочного"),
    ("ru", "йод и\u0306ода"),
    ("ru", "насос на\u00adсосы"),
    ("ru", "идти шёл шла"),
    ("ru", "pump pumps"),  # English words inside Russian text
    ("en", "pump pumps pumped"),
    ("en", "customer's customer’s"),
    ("de", "Pumpe Pumpen"),
    ("en", "штраф штрафы"),  # and Russian ones inside English text
]


@pytest.mark.parametrize(("language", "words"), SAME)
def test_forms_of_a_word_are_one_term(language, words):
    assert len({term(word, language) for word in words.split()}) == 1


@pytest.mark.parametrize(
    ("language", "words"),
    [("ru", "штраф штрих"), ("ru", "порт портвейн"), ("en", "pump pumpkin"), ("ru", "насос носок")],
)
def test_other_words_are_other_terms(language, words):
    assert len({term(word, language) for word in words.split()}) == 2


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("Штрафы за 10 000,5 м²", "ru", ["штраф", "за", "10000.5", "м"]),
        ("ГОСТ 12.1.004-91", "ru", ["гост", "12.1.004", "91"]),
        ("скидка 2,50 % и 2,5 %", "ru", ["скидк", "2.5", "и", "2.5"]),
        ("−5 °C", "ru", ["-5", "c"]),
        ("Fines of 10,000 roubles", "en", ["fine", "of", "10000", "roubl"]),
        ("the the", "en", ["the", "the"]),
        ("日本語 5", "ja", ["日本語", "5"]),  # no stemmer: the words themselves
        ("", "ru", []),
        ("😀", "ru", []),
    ],
)
def test_terms(text, language, expected):
    assert terms(text, language) == expected


@pytest.mark.parametrize(
    ("word", "expected"), [("людьми", "человек"), ("Ещё", "еще"), ("ча\u0438\u0306", "чай"), ("сталью", "сталь")]
)
def test_lemma(word, expected):
    assert lemma(word) == expected


def test_ukrainian_is_not_read_as_russian():
    assert terms("Міста", "uk") == ["міста"]


WORDS = """стали сталью стекла стёкла стекло мыла мой моя есть ем шёл шел ещё еще ежик ёжик людьми человека
дети ребенком замок замка белила пила печь печи дома дом домой три рой жгут лечу вожу мели полку
полка банка банки душа души вести вестей ключ ключей наибольший лучше получше поскорее красивее
меньшими двадцатью обеими оба чей-то кто- нибудь по-русски бизнес-план тополёвский криптокошелька
нейросетями гуглить зафрендить ооо гк снип а и о ъ ы щщщ абвгд интернет-магазине пытающегося
прочитавшие сделан сделана сделав читая идя суши сушу простой простою больше больший того тому
какой-либо"""


@pytest.fixture(scope="module")
def analyzer():
    return MorphAnalyzer()


@pytest.mark.parametrize("word", WORDS.split())
def test_the_form_is_that_of_the_likeliest_reading(analyzer, word):
    assert normal_form(word) == analyzer.parse(word)[0].normal_form
