"""Questions for a definition, and lines that define."""

import pytest

from opora.answer.extractive import best_sentences, select_sentences
from opora.records import Hit, Passage
from opora.retrieval.index.stage import IndexStage
from opora.retrieval.search.definitions import asked_word, defines
from opora.retrieval.search.searcher import open_index
from opora.retrieval.settings import IndexSettings
from tests.factories import write_passages

LAW = (
    "В законе используются понятия:\n\n1) проба воды - часть воды, взятая для проверки;\n\n"
    "2) проба воды, взятая зимой, - проба воды из-под льда;\n\n3) лаборант - лицо, которое берёт пробу воды.\n"
)


@pytest.mark.parametrize(
    ("question", "language", "line"),
    [
        ("Что такое проба воды?", "ru", "1) проба воды - часть воды, взятая для проверки;"),
        ("Кто такой лаборант?", "ru", "- лаборант — лицо, которое берёт пробу"),
        ("Что понимается под ВВП?", "ru", "ВВП (валовой внутренний продукт) – это показатель"),
        ("What is a sample?", "en", '"Sample" shall mean a part of the water.'),
    ],
)
def test_lines_that_define(question, language, line):
    assert defines(line, asked_word(question, language), language)


@pytest.mark.parametrize(
    ("question", "language", "line"),
    [
        ("Что такое проба воды?", "ru", "проба воды, взятая зимой, - проба воды из-под льда"),
        ("Что такое проба воды?", "ru", "проба - это часть"),
        ("Какая проба воды?", "ru", "проба воды - часть воды"),
        ("What is the fee?", "en", "The fee of the ferry - 12 EUR."),
    ],
)
def test_lines_that_define_something_else(question, language, line):
    assert not defines(line, asked_word(question, language), language)


def test_words_of_the_title_may_be_missing():
    asked = asked_word("Кто является лаборантом станции?", "ru")
    assert defines("лаборант - лицо, которое", asked, "ru", {asked[1]})


def test_a_definition_is_the_whole_answer():
    passage = Passage(id="p", document_id="d", text=LAW, start=0, end=len(LAW), metadata={"title": "О пробах"})
    ranked = best_sentences("Что такое проба воды?", [Hit(passage=passage, rank=1)], lambda _: 1.0, "ru")
    [best] = select_sentences(ranked, 2)
    assert LAW[best.start : best.end] == "проба воды - часть воды, взятая для проверки;"


def test_the_definition_is_found_first_among_passages_that_use_the_word_more(tmp_path):
    texts = [f"Проба воды номер {n}: пробу воды берут, пробу воды хранят, пробу воды сдают." for n in range(30)]
    passages = [
        Passage(
            id=f"p{n}", document_id="d", text=text, start=0, end=len(text), metadata={"title": "Т", "language": "ru"}
        )
        for n, text in enumerate([*texts, LAW])
    ]
    corpus = write_passages(tmp_path / "corpus", passages)
    IndexStage(IndexSettings(), corpus, tmp_path / "index").run()
    assert open_index(tmp_path / "index").search("Что такое проба воды?", 1)[0].passage.text == LAW
