"""A small corpus in two languages, and its index."""

import pytest

from opora.artifacts import Build, write_parquet
from opora.records import Passage
from opora.retrieval.index.stage import build_index
from opora.retrieval.search.searcher import open_index
from opora.retrieval.settings import IndexSettings
from opora.validation import Settings

ROWS = [
    ("ru", "fees.pdf", 1, "Оплата", "Штраф за хранение составляет 10 000 рублей, срок хранения — 5 дней.", ()),
    ("ru", "fees.pdf", 2, "Скидки", "Студенты платят половину цены билета по будням.", ()),
    ("ru", "ferry.md", None, "Расписание", "Паром отходит от северного причала в 7.30 каждое утро.", ()),
    ("ru", "rules.docx", None, "Пожарная безопасность", "Насос проверяют по ГОСТ 12.1.004-91 раз в год.", ()),
    ("ru", "board.docx", None, "Премии", "Премия директора составляет 900 000 рублей в год.", ("board", "audit")),
    ("en", "fees.pdf", 1, "Payment", "The storage fine is 10,000 roubles and goods are stored for 5 days.", ()),
    ("en", "ferry.md", None, "Timetable", "The ferry leaves the northern pier at 7.30 every morning.", ()),
    ("en", "board.docx", None, "Bonuses", "The director's bonus is 900,000 roubles a year.", ("board",)),
    ("en", "pump.html", None, "Pump RTX-4090", "It moves forty litres a second and weighs 12.5 kg.", ()),
]


def make_passage(number, row):
    language, name, page, heading, text, access = row
    source = f"{language}/{name}"
    metadata = {"source": source, "title": name.split(".")[0], "language": language, "is_table": "|" in text}
    if page:
        metadata["page"] = page
    return Passage(
        id=f"p{number}", document_id=f"d{number}", text=text, start=0, end=len(text), heading=(heading,),
        metadata=metadata, access=access,
    )  # fmt: skip


def make_corpus(folder, passages):
    with Build(folder, "ingest", Settings(), inputs={"passages": str(hash(tuple(p.text for p in passages)))}) as build:
        write_parquet(build.path / "passages.parquet", passages)
        build.publish(counts={"passages": len(passages)})
    return folder


@pytest.fixture(scope="session")
def passages():
    return [make_passage(number, row) for number, row in enumerate(ROWS)]


@pytest.fixture(scope="session")
def corpus(tmp_path_factory, passages):
    return make_corpus(tmp_path_factory.mktemp("index") / "corpus", passages)


@pytest.fixture(scope="session")
def index(corpus):
    build_index(IndexSettings(), corpus, corpus.parent / "index")
    return open_index(corpus.parent / "index")


@pytest.fixture
def make_index(tmp_path):
    """Index of some passages, in a folder of the test's own."""

    def make(passages, **settings):
        corpus = make_corpus(tmp_path / "corpus", passages)
        build_index(IndexSettings(**settings), corpus, tmp_path / "index")
        return open_index(tmp_path / "index")

    return make
