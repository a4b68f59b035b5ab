"""A question that names a place finds it, in the document that it names."""

import pytest

from opora.corpus.chunking.registry import chunk_document
from opora.corpus.settings import ChunkSettings
from opora.records import Document
from opora.retrieval.index.stage import IndexStage
from opora.retrieval.search.places import named_codes, parse_places
from opora.retrieval.search.searcher import open_index
from opora.retrieval.settings import IndexSettings
from tests.factories import write_passages

CONTRACT = """# Договор аренды оборудования

## 1. Предмет

1.1. Арендодатель передаёт компрессор арендатору на три года.

1.2. Компрессор остаётся собственностью арендодателя.

## 2. Оплата

2.2. Залог возвращают в течение пяти дней после возврата компрессора.

2.20. Пени составляют одну сотую платы за каждый день.

12.2. Споры решает суд по месту нахождения арендодателя.
"""
LAW = """# Закон о хранении проб

## Глава 1. Общее

### Статья 1. Предмет

Закон говорит о пробах воды.

### Статья 18. Сроки

Пробы хранят тридцать суток.

## Глава 2. Штрафы

### Статья 186. Штраф

1. За утрату пробы взимают штраф.

2. Пени по статье 18 не взимают.
"""
CODE = """# Гражданский кодекс Российской Федерации

### Статья 18. Имя

Гражданин приобретает права под своим именем.

### Статья 186. Срок доверенности

Доверенность без срока действует год.
"""
DECISION = """# Решение суда

Суд сослался на статью 186 ГК РФ и на пункт 2.2 договора аренды оборудования.
"""


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    texts = {"arenda.md": CONTRACT, "proby.md": LAW, "gk.md": CODE, "delo.md": DECISION}
    documents = [
        Document(id=source, source=source, title=text[2 : text.index("\n")], text=text, language="ru")
        for source, text in texts.items()
    ]
    passages = [passage for document in documents for passage in chunk_document(document, ChunkSettings())]
    corpus = write_passages(tmp_path_factory.mktemp("places") / "corpus", passages)
    IndexStage(IndexSettings(), corpus, corpus.parent / "index").run()
    return open_index(corpus.parent / "index")


@pytest.mark.parametrize(
    ("question", "source", "words"),
    [
        ("Что сказано в п. 2.2 договора аренды?", "arenda.md", "Залог"),
        ("п. 2.20 договора аренды", "arenda.md", "Пени составляют"),
        ("ГК РФ, ст. 186", "gk.md", "Доверенность"),
        ("статья 18 закона о хранении проб", "proby.md", "тридцать суток"),
        ("ч. 2 ст. 186 закона о хранении проб", "proby.md", "не взимают"),
        ("глава II закона о хранении проб", "proby.md", "штраф"),
        ("Что в разделе 1 договора аренды?", "arenda.md", "компрессор арендатору"),
    ],
)
def test_a_named_place_is_the_first_hit(index, question, source, words):
    first = index.search(question, 4)[0].passage
    assert first.metadata["source"] == source
    assert words in first.text


@pytest.mark.parametrize("question", ["ст. 186 УК РФ", "п. 7.7 договора аренды оборудования"])
def test_a_place_that_no_document_has_changes_nothing(index, question):
    query = index.query(question)
    assert [hit.passage.id for hit in index.search(query, 4)] == [
        hit.passage.id for hit in index.search(query._replace(places=()), 4)
    ]


def test_passages_are_filtered_by_place(index):
    hits = index.search("штраф", 5, filters={"article": 186})
    assert {hit.passage.metadata["source"] for hit in hits} <= {"proby.md", "gk.md"}
    assert all("article 186" in hit.passage.places for hit in hits)


@pytest.mark.parametrize(
    ("text", "language", "places"),
    [
        ("Что сказано в п. 2.2 договора?", "ru", (("clause 2.2", "part 2.2"),)),
        ("п.2.20 и статья 12¹", "ru", (("clause 2.20", "part 2.20"), ("article 12.1",))),
        ("приложение 3, табл. 2", "ru", (("appendix 3",), ("table 2",))),
        ("во второй главе", "ru", (("chapter 2", "section 2"),)),
        ("статья 18 и статья 186 ГК", "ru", (("article 18", "article 186"),)),
        ("статьи 5, 6 и 7", "ru", (("article 5", "article 6", "article 7"),)),
        ("подпункт «б» пункта 3", "ru", (("subclause б",), ("clause 3", "part 3"))),
        ("Приложение А", "ru", (("appendix a",),)),
        ("Сколько стоит 5 ч. работы?", "ru", ()),
        ("По какой статье штраф?", "ru", ()),
        ("Section 4.2 of the manual", "en", (("section 4.2", "clause 4.2", "article 4.2"),)),
        ("Article IV, Annex B", "en", (("article 4",), ("appendix b",))),
        ("Which part of the fee is due?", "en", ()),
    ],
)
def test_places_of_a_question(text, language, places):
    assert parse_places(text, language) == places


def test_codes_of_law_are_told_by_their_abbreviations():
    assert named_codes("ГК РФ, ст. 186", "ru") == [frozenset({"гражданск", "кодекс"})]
    assert named_codes("глава ГК о займе и АПК", "ru")[1] > {"арбитражн", "кодекс"}
    assert named_codes("договор аренды", "ru") == []
