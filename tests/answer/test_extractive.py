"""Extractive answers: the best supported sentences."""

import pytest

from opora.answer.extractive import best_sentences, select_sentences, sentence_spans
from opora.records import Hit, Passage

TEXT = (
    "## Fees\n\nThe daily fee is 12 EUR. Refunds take five days.\n\n- Children pay half of it.\n- Dogs travel free.\n\n"
    "| Ship | Cabins | Year |\n|---|---|---|\n| Aurora | 40 | 1998 |\n| Boreas | 65 | 2011 |\n"
)
RU = "Плата за хранение — 12 руб. в день. Возврат занимает пять дней. Табл. 3 показывает суда."


def passage(text, **more):
    return Passage(id="p", document_id="d", text=text, start=0, end=len(text), metadata={"title": "Ferry"}, **more)


def test_spans_are_sentences_and_rows():
    p = passage(TEXT)
    assert [p.text[a:b] for a, b in sentence_spans(p, "en")] == [
        "The daily fee is 12 EUR.", "Refunds take five days.", "Children pay half of it.", "Dogs travel free.",
        "| Aurora | 40 | 1998 |", "| Boreas | 65 | 2011 |",
    ]  # fmt: skip


def test_the_rest_of_a_split_table_keeps_its_first_row():
    p = passage("| Boreas | 65 | 2011 |", table_header="| Ship | Cabins | Year |\n|---|---|---|")
    assert [p.text[a:b] for a, b in sentence_spans(p, "en")] == ["| Boreas | 65 | 2011 |"]


@pytest.mark.parametrize(
    ("question", "language", "text", "answer"),
    [
        ("What is the daily fee?", "en", TEXT, "The daily fee is 12 EUR."),
        ("What is the daly fee?", "en", TEXT, "The daily fee is 12 EUR."),
        ("How many cabins has the Boreas?", "en", TEXT, "| Boreas | 65 | 2011 |"),
        ("Do dogs travel for free?", "en", TEXT, "Dogs travel free."),
        ("Какова плата за хранение?", "ru", RU, "Плата за хранение — 12 руб. в день."),
        ("Сколько длится возврат?", "ru", RU, "Возврат занимает пять дней."),
    ],
)
def test_the_best_sentence_answers_the_question(question, language, text, answer):
    p = passage(text)
    best = best_sentences(question, [Hit(passage=p, rank=1)], lambda term: 1.0 + (len(term) > 3), language)[0]
    assert p.text[best.start : best.end] == answer


def test_nonsense_has_no_support():
    ranked = best_sentences("qwx zzkp blorf", [Hit(passage=passage(TEXT), rank=1)], lambda _: 1.0, "en")
    assert ranked[0].support == 0.0


@pytest.mark.parametrize("question", ["", "???", "🙂"])
def test_a_question_without_words_has_no_sentences(question):
    assert best_sentences(question, [Hit(passage=passage(TEXT), rank=1)], lambda _: 1.0, "en") == []


def test_a_second_sentence_must_differ_and_be_nearly_as_good():
    hits = [Hit(passage=passage(TEXT), rank=1), Hit(passage=passage(TEXT), rank=2)]
    ranked = best_sentences("What is the daily fee?", hits, lambda _: 1.0, "en")
    assert len(select_sentences(ranked, 3)) == 1


def test_a_question_with_when_is_answered_by_a_date():
    text = "| Founded | May 2, 1961 |\n|---|---|\n| Founders | Orlan, Petrel |"
    hits = [Hit(passage=passage(text, heading=("Orlan",)), rank=1)]
    ranked = best_sentences("When was Orlan founded?", hits, lambda _: 1.0, "en")
    [best] = select_sentences(ranked, 1)
    assert best.passage.text[best.start : best.end] == "| Founded | May 2, 1961 |"


def test_a_line_that_says_no_more_than_the_question_is_its_context():
    text = "Дело № 7-21/2031\n\nСуд решил взыскать штраф в размере 800 рублей."
    hits = [Hit(passage=passage(text), rank=1)]
    [best] = best_sentences("Какой штраф взыскан по делу № 7-21/2031?", hits, lambda _: 1.0, "ru")
    assert text[best.start : best.end] == "Суд решил взыскать штраф в размере 800 рублей."
    assert best.support > 0.45


def test_a_word_that_no_passage_holds_does_not_outweigh_all_others():
    text = "Срок сдачи перенесён на 3 мая."
    weights = {"числ": 1.8}
    hits = [Hit(passage=passage(text), rank=1)]
    [best] = best_sentences("На какое число перенесён срок сдачи?", hits, lambda term: weights.get(term, 0.18), "ru")
    assert best.support > 0.4


def test_the_line_above_a_table_is_context_of_its_rows():
    text = "Проверки по портам\n\n| Порт | Лодки |\n|---|---|\n| Лукино | 209 |\n| Ясное | 18 |"
    hits = [Hit(passage=passage(text), rank=1)]
    best = best_sentences("Сколько лодок проверили в Лукино?", hits, lambda _: 1.0, "ru")[0]
    assert text[best.start : best.end] == "| Лукино | 209 |"
    assert best.support > 0.45
