"""Sentences that go on in the lines below."""

from opora.answer.extractive import best_sentences, select_sentences, sentence_spans
from opora.records import Hit, Passage


def passage(text):
    return Passage(id="p", document_id="d", text=text, start=0, end=len(text), metadata={"title": "Ferry"})


OFFENCE = (
    "1. Проезд без билета в трамвае, кроме названных в части 2, - (В редакции закона от 01.06.2011 г. № 21)\n\n"
    "влечет наложение штрафа в размере одной тысячи рублей.\n\n2. Провоз багажа - по тарифу.\n"
)
LIST = "Работы на крыше:\n\nпроверка кровли;\n\nочистка желобов;\n- покраска ограждений.\n\nСроки называет совет.\n"


def test_a_sentence_that_goes_on_below_a_dash_is_one():
    p = passage(OFFENCE)
    first, second = [p.text[a:b] for a, b in sentence_spans(p, "ru")]
    assert first.startswith("Проезд без билета")
    assert first.endswith("одной тысячи рублей.")
    assert second == "Провоз багажа - по тарифу."


def test_the_list_below_a_colon_belongs_to_the_answer():
    [hit] = [Hit(passage=passage(LIST), rank=1)]
    selected = select_sentences(best_sentences("Какие работы на крыше?", [hit], lambda _: 1.0, "ru"), 2)
    assert LIST[selected[0].start : selected[0].end].endswith("- покраска ограждений.")


def test_a_long_list_is_cut_between_items():
    text = "Работы на крыше:\n" + "".join(f"\n{number}) уборка участка номер {number};\n" for number in range(1, 90))
    ranked = best_sentences("Какие работы на крыше?", [Hit(passage=passage(text), rank=1)], lambda _: 1.0, "ru")
    best = select_sentences(ranked, 1)[0]
    assert 600 < best.end - best.start <= 800
    assert text[best.end - 1] == ";"


def test_a_word_with_another_first_letter_is_no_typo():
    hits = [
        Hit(passage=passage(text), rank=rank) for rank, text in ((1, "Закон даёт право на тепло."), (2, "Это договор."))
    ]
    best = best_sentences("Что говорит закон?", hits, lambda _: 1.0, "ru")[0]
    assert best.hit == 0


def test_a_second_row_of_a_header_is_no_answer_but_its_context():
    text = "|  | 2031 | 2032 |\n|---|---|---|\n|  | Прогноз | Прогноз бюджета |\n| Расходы | 19 | 18 |\n|  | нет | да |"
    ranked = best_sentences(
        "Каковы расходы бюджета по прогнозу?", [Hit(passage=passage(text), rank=1)], lambda _: 1.0, "ru"
    )
    assert text[ranked[0].start : ranked[0].end] == "| Расходы | 19 | 18 |"
    assert not any("Прогноз" in text[row.start : row.end] for row in ranked)
