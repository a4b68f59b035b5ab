import pytest
from pymorphy3 import MorphAnalyzer

from opora.text.terms.lemmas import normal_form

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
