import pytest

from opora.text import search_terms as module
from opora.text.search_terms import search_terms
from opora.text.terms import stop_terms, terms

SAME = [  # spellings separated by bars, and the entity that is a term of each
    ("ru", "RTX-4090 | RTX 4090 | RTX4090 | rtx-4090 | rtx 4090 | rtx4090 | (RTX‑4090)", "rtx4090"),
    ("ru", "Х-12/А | X-12/A | х-12/а | X12A | Х12А", "x12a"),
    ("ru", "АБ-Ц 7 | АБ-Ц-7 | АБЦ7 | aб-ц7", "абц7"),
    ("ru", "152-ФЗ | 152 ФЗ | № 152-ФЗ | 152 фз | 152-фз | 152–ФЗ,", "152фз"),
    ("en", "COVID-19 | COVID 19 | COVID19 | covid-19", "covid19"),
    ("en", "16GB | 16 GB | 16-GB.", "16gb"),
    ("ru", "ГОСТ 12.1.004-91 | гост 12.1.004-91 | ГОСТ Р 12.1.004-91 | ГОСТ 12.1.004—91,", "гост12.1.004-91"),
    ("ru", "ГОСТ 12.1.004-91 | ГОСТ 12.1.004 | ГОСТом 12.1.004 ГОСТ 12.1.004", "гост12.1.004"),
    ("ru", "ГОСТ Р ИСО 9001-2015 | ISO 9001:2015 | ИСО 9001-2015 | iso 9001-2015", "iso9001-2015"),
    ("ru", "ГОСТ Р ИСО 9001-2015 | ISO 9001 | ИСО 9001", "iso9001"),
    ("ru", "СНиП 2.03.01-84* | СНиП № 2.03.01-84 | снип 2.03.01-84", "снип2.03.01-84"),
    ("ru", "СП 63.13330.2018 | (СП 63.13330.2018)", "сп63.13330.2018"),
    ("en", "RFC 2616 | RFC2616 | rfc 2616 | RFC-2616", "rfc2616"),
    ("en", "ISO/IEC 27001:2013 | ISO/IEC 27001", "isoiec27001"),
    ("ru", "ст. 1259 | статья 1259 | статьи 1259 | Статьёй 1259, | ст.1259 | (ст. 1259) | ст 1259", "статья_1259"),
    ("ru", "ст. 1258, 1259 и 1260 | статьи 1258 и 1259 | ст. 1258, 1259", "статья_1259"),
    ("ru", "п. 3.2 | пункт 3.2 | пункта 3.2. | п.3.2 | П. 3.2", "пункт_3.2"),
    ("ru", "п. 3.20 | пункт 3.20", "пункт_3.20"),
    ("ru", "§ 5 | §5 | параграф 5 | параграфе 5", "параграф_5"),
    ("ru", "гл. 4 | глава 4 | гл.4 | глава IV | Главе IV.", "глава_4"),
    ("ru", "раздел I | разд. 1 | Раздел I. | раздела 1", "раздел_1"),
    ("ru", "приложение № 3 | прил. 3 | Приложении N 3 | приложение №3", "приложение_3"),
    ("ru", "ст. 12а | статья 12а", "статья_12а"),
    ("ru", "ст. 1259 ГК РФ | статья 1259 ГК | ст.1259 гк рф", "статья_1259_гк"),
    ("ru", "ГК РФ | гк рф | ст. 5 ГК РФ.", "гк_рф"),
    ("en", "art. 5 | Article 5 | articles 5 and 6 | Art.5", "article_5"),
    ("en", "section 3.2 | Sec. 3.2 | § 3.2 | sections 3.1, 3.2", "section_3.2"),
    ("en", "clause 7 | cl. 7 | Clauses 6 and 7", "clause_7"),
    (
        "ru",
        "12 марта 2021 г. | 12.03.2021 | 2021-03-12 | 12.3.2021г | «12» марта 2021 | 12-го марта 2021",
        "2021-03-12",
    ),
    ("ru", "12 мар. 2021 | 12/03/2021 | 12.03.21 | 12 March 2021", "2021-03-12"),
    ("ru", "в марте 2021 года | 12.03.2021 | март 2021", "2021-03"),
    (
        "en",
        "12 March 2021 | March 12, 2021 | Mar. 12th, 2021 | 2021-03-12 | 12 Mar 2021 | 12th of March 2021",
        "2021-03-12",
    ),
    ("en", "25/12/2021 | 12/25/2021 | Dec. 25, 2021", "2021-12-25"),
    ("ru", "max_tokens | `max_tokens` | MAX_TOKENS,", "max_tokens"),
    ("ru", "12/345-7 | 12/345–7 | № 12/345-7.", "12/345-7"),
    ("ru", "5 кв. м | 5 кв.м | 5 м² | 5 метров | 5 м. | 5 м", "метр"),
    ("ru", "руб. | руб | рублей | 5руб.", "рубл"),
    ("ru", "100 тыс. | 100 тыс | тысячи", "тысяч"),
    ("ru", "кол-во | количество | Кол-во:", "количеств"),
    ("ru", "2021 г. | 2021 год | 2021 гг.", "год"),
    ("ru", "г. Тополёв | город Тополёв | (г. Тополёв)", "город"),
    ("ru", "рис. 5 | рисунок 5 | рис.5 | Рисунке 5", "рисунок_5"),
    ("ru", "РФ | Российской Федерации", "федерац"),
    ("ru", "10 000 | 10000 | 10\u00a0000 | (10 000)", "10000"),
    ("en", "approx. | approximately", "approxim"),
]


@pytest.mark.parametrize(("language", "spellings", "entity"), SAME)
def test_spellings_of_an_entity_share_its_term(language, spellings, entity):
    without = [spelling for spelling in spellings.split("|") if entity not in search_terms(spelling.strip(), language)]
    assert without == []


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("Штрафы за 10 000,5 м²", "ru", "штраф 10000.5 метр"),
        ("Срок хранения в ООО «Ромашка»", "ru", "срок хранен оо ромашк"),
        ("ГОСТ 12.1.004-91", "ru", "гост 12.1.004 91 12.1.004-91 гост12.1.004-91 гост12.1.004"),
        ("ст. 1259 ГК РФ", "ru", "стат 1259 гк российск федерац статья_1259 статья_1259_гк гк_рф гражданск кодекс"),
        ("20-летний, 5-го и 5-й этаж", "ru", "20 летн 5 го 5 й этаж"),  # no codes
        ("бизнес-план", "ru", "бизнес план"),
        ("т. е. и т. д., см. также", "ru", ""),
        ("99.99.2021", "ru", "99.99.2021"),  # no date
        ("03/04/2021", "en", "03 04 2021 03/04/2021"),  # March or April
        ("А. И. Петров", "ru", "петр"),
        ("Какое ПО стоит на ПК?", "ru", "по сто пк"),  # in capitals no stop word
        ("ЧТО ДЕЛАТЬ И НА ЧТО НЕ СМОТРЕТЬ", "ru", "дела смотрет"),  # but in a text of capitals
        ("The WHO said who is it", "en", "who said"),
        ("Die Pumpen laufen", "de", "die pump lauf"),
        ("МІСТА і села", "uk", "міста і села"),
        ("日本語の abc", "ja", "日本 本語 語の abc"),
        ("дом日本", "ru", "дом 日本"),
        ("日", "ja", "日"),
        ("что и как", "ru", ""),
        ("", "ru", ""),
        (" \n\t", "ru", ""),
        ("😀 … — !!! \x00\x1f", "ru", ""),
        ("\ud800 слово\udfff", "ru", "слов"),
        ("§ № #", "ru", ""),
    ],
)
def test_search_terms(text, language, expected):
    assert search_terms(text, language) == expected.split()


TEXT = """Насос «Вихрь-3М» завода «Тополь» качает 1200 л/ч. По п. 4.1 инструкции (ред. от 05.06.2020) ёмкость моют раз в
неделю; подробнее — в табл. 2 и на рис. 5. Гарантия: 24 месяца, ст. 18 и 19 Закона о ЗПП. The RTX-4090 file_name."""


def test_white_space_does_not_change_terms():
    assert search_terms(TEXT.replace(" ", "\n"), "ru") == search_terms(TEXT, "ru")
    assert search_terms(TEXT.replace(" ", "\u00a0"), "ru") == search_terms(TEXT, "ru")


def test_words_have_the_terms_that_metrics_compare():
    """Except for stop words, abbreviations and entities."""
    text = "Насосы завода «Тополь» качают воду из ёмкостей, а гарантия — 24 месяца с 10 000,50 и 2,5 %. The pump's file"
    assert search_terms(text, "ru") == [
        term for term in terms(text, "ru") if term not in stop_terms("ru") | stop_terms("en")
    ]


@pytest.mark.parametrize("language", ["ru", "en", "ja", "xx"])
@pytest.mark.parametrize(
    "text",
    [
        "слово" * 20_000,
        "A" * 100_000,
        "LTE " * 25_000,
        "ab " * 30_000,
        "_" * 100_000,
        "_" * 39 + "-",
        "ст. " + "1, " * 9_000,
        "1.2-" * 25_000,
        "日" * 50_000,
        "т. " * 30_000,
        "1 000 " * 15_000,
        "'" * 100_000,
        "а\u0301" * 30_000,
        "".join(map(chr, range(1, 0x3000))),
    ],
)
def test_any_text_gives_terms_without_white_space(text, language):
    found_terms = search_terms(text, language)
    assert all(term.split() == [term] and len(term) <= module.MAX_TERM_CHARS for term in found_terms)


def test_terms_do_not_depend_on_the_cache(monkeypatch):
    before = search_terms(TEXT, "ru")
    monkeypatch.setattr(module, "MAX_PIECES", 5)
    module._piece_cache("ru").clear()
    assert search_terms(TEXT, "ru") == before
    assert search_terms(TEXT, "ru") == before
    assert len(module._piece_cache("ru")) <= 5
