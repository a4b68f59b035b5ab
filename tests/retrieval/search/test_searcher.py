import math
import shutil
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest

from opora.errors import InputError, OporaError
from opora.records import Passage
from opora.retrieval.embedders.base import Text
from opora.retrieval.embedders.registry import open_embedder
from opora.retrieval.index.rows import embedding_text
from opora.retrieval.query import MAX_QUESTION_CHARS
from opora.retrieval.search.searcher import open_index
from opora.retrieval.store.base import StoreError
from opora.text.search_terms import search_terms

QUESTIONS = [
    ("Какой срок хранения?", "p0"),
    ("Каков штраф?", "p0"),
    ("штрафы", "p0"),
    ("10000 рублей", "p0"),
    ("Кто платит половину?", "p1"),
    ("студенческие скидки", "p1"),
    ("Когда отходят паромы?", "p2"),
    ("От какого прича\u0301ла паром?", "p2"),
    ("12.1.004-91", "p3"),
    ("гост 12.1.004", "p3"),
    ("пожарная безопасность", "p3"),
    ("Когда отходит пором с севренного причала?", "p2"),
    ("What is the fine for storage?", "p5"),
    ("10,000 roubles", "p5"),
    ("When do ferries leave?", "p6"),
    ("How heavy is the RTX-4090?", "p8"),
    ("rtx-4090", "p8"),
    ("timetable", "p6"),
    ("nothern peir", "p6"),
]


def ids(hits):
    return [hit.passage.id for hit in hits]


@pytest.mark.parametrize(("question", "expected"), QUESTIONS)
def test_question_finds_its_passage(index, question, expected):
    assert ids(index.search(question, 1)) == [expected]


@pytest.mark.parametrize(
    ("question", "language"),
    [("900 000 рублей 7.30 5 дней", "ru"), ("7.30 every morning 5 days", "en"), ("Что такое RTX-4090?", None)],
)
def test_passages_in_the_language_of_the_question_come_first(index, question, language):
    hits = index.search(question, 9)
    languages = [hit.passage.metadata["language"] for hit in hits]
    assert hits
    if language:
        assert languages[0] == language
    else:  # a name is found in another language, too
        assert "p8" in ids(hits)


@pytest.mark.parametrize(
    "question",
    [
        "", "   ", "и в на", "the of", "😀🔥", "?!", "\x00", '"срок" AND OR NOT (', "срок' OR '1'='1", "+срок -срок",
        "срок~2 *", "a" * 5000,
    ],
)  # fmt: skip
def test_odd_question_is_answered(index, question):
    assert len(index.search(question, 3)) <= 3


def test_long_question_is_answered(index):
    assert ids(index.search("срок хранения " * 8000, 1)) == ["p0"]
    many = " ".join(f"слово{chr(1072 + n % 32)}{chr(1072 + n // 32 % 32)}" for n in range(12_000))
    assert len(index.search(many, 3)) <= 3


def test_query_syntax_is_plain_text(make_index, passages):
    texts = ["NOT applicable OR void AND null", "Something else entirely"]
    index = make_index([
        passages[5].model_copy(update={"id": f"x{n}", "document_id": f"x{n}", "text": text, "end": len(text)})
        for n, text in enumerate(texts)
    ])  # fmt: skip
    assert ids(index.search('"NOT" AND "null"', 2)) == ["x0"]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"source": "ru/fees.pdf"}, {"p0", "p1"}),
        ({"source": ["ru/fees.pdf", "ru/ferry.md"]}, {"p0", "p1", "p2"}),
        ({"source": "ru/fees.pdf", "page": 2}, {"p1"}),
        ({"page": {"min": 1}}, {"p0", "p1", "p5"}),
        ({"page": {"min": 1.5, "max": 9}}, {"p1"}),
        ({"page": [2, 7]}, {"p1"}),
        ({"language": "en"}, {"p5", "p6", "p8"}),
        ({"title": {"min": "g"}}, {"p3", "p8"}),
        ({"is_table": False, "language": "en"}, {"p5", "p6", "p8"}),
        ({"is_table": True}, set()),
        ({"source": []}, set()),
        ({"source": "nowhere' OR 'a'='a"}, set()),
        ({"page": {"min": 99}}, set()),
    ],
)
def test_filters(index, filters, expected):
    everything = "штраф студенты паром насос fine ferry litres премия bonus"
    assert set(ids(index.search(everything, 20, filters=filters))) == expected


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        ({"sorce": "a"}, "filter sorce is unknown; did you mean source?"),
        ({"page": "two"}, "filter page is 'two'; a finite number is expected"),
        ({"page": True}, "a finite number is expected"),
        ({"page": math.nan}, "a finite number is expected"),
        ({"page": [1, None]}, "filter page is None"),
        ({"page": {"from": 1}}, "min, max or both are expected"),
        ({"is_table": "yes"}, "true or false is expected"),
        ({"source": None}, "text is expected"),
    ],
)
def test_wrong_filter_is_named(index, filters, message):
    with pytest.raises(InputError, match=message.replace("?", r"\?")):
        index.search("срок", 1, filters=filters)


@pytest.mark.parametrize(
    ("access", "expected"),
    [(None, False), ([], False), (["sales"], False), (["board"], True), ({"audit", "x"}, True), (["bo' OR '1"], False)],
)
def test_labelled_passages_need_one_of_their_labels(index, access, expected):
    assert ("p4" in ids(index.search("премия директора", 9, access=access))) is expected


def test_filters_apply_before_the_top_k(make_index, passages):
    secret = passages[4]
    crowd = [
        secret.model_copy(update={"id": f"s{n}", "document_id": f"s{n}", "text": f"{secret.text} Приказ {n}."})
        for n in range(120)
    ]
    index = make_index([*crowd, passages[0]])
    assert ids(index.search("премия директора в рублях", 1)) == ["p0"]
    assert ids(index.search("премия директора в рублях", 1, filters={"source": "ru/fees.pdf"})) == ["p0"]
    assert len(index.search("премия директора", 100, access=["board"])) == 100


def test_overlapping_passages_do_not_fill_the_hits(make_index, passages):
    document = "Плата за вход пять рублей. Плата за выход три рубля. Дети не платят. Собаки ездят бесплатно."
    spans = [(0, 52), (27, 68), (20, 53), (53, len(document))]
    pieces = [
        passages[0].model_copy(
            update={"id": f"o{n}", "document_id": "o", "text": document[a:b], "start": a, "end": b, "heading": ()}
        )
        for n, (a, b) in enumerate(spans)
    ]
    hit_ids = ids(make_index(pieces).search("плата за выход и вход", 4))
    assert hit_ids[0] == "o0"
    assert "o2" not in hit_ids


def test_equal_passages_do_not_fill_the_hits(make_index, passages):
    ferry = passages[2]
    copies = [ferry.model_copy(update={"id": f"c{n}", "document_id": f"c{n}"}) for n in range(5)]
    twin = ferry.model_copy(update={"id": "t", "document_id": "t", "text": ferry.text.replace("7.30", "8.45")})
    assert sorted(ids(make_index([*copies, twin]).search("Когда отходит паром?", 3))) == ["c0", "t"]


def test_neighbors_follow_each_hit(make_index, passages):
    texts = ["Вступление.", "Паром отходит утром.", "Касса закрыта.", "Собак не берут.", "Чаек не кормят."]
    parts = [
        passages[2].model_copy(update={"id": f"n{n}", "text": text, "start": 100 * n, "end": 100 * n + len(text)})
        for n, text in enumerate(texts)
    ]
    hits = make_index(parts, neighbor_passages=1).search("Когда отходит паром и берут ли собак?", 2)
    assert [(hit.passage.id, hit.rank) for hit in hits][:3] in (
        [("n1", 1), ("n0", 1), ("n2", 1)],
        [("n3", 1), ("n2", 1), ("n4", 1)],
    )
    assert sorted(ids(hits)) == ["n0", "n1", "n2", "n3", "n4"]


def test_mmr_selects_what_complements(make_index, passages):
    near = "Паром отходит утром от северного причала"
    texts = [f"{near}.", f"{near} города.", "Билет на паром стоит сто рублей."]
    parts = [
        passages[2].model_copy(update={"id": f"v{n}", "document_id": f"v{n}", "text": t}) for n, t in enumerate(texts)
    ]
    question = "утренний паром от северного причала, билет"
    assert sorted(ids(make_index(parts).search(question, 2))) == ["v0", "v1"]
    assert "v2" in ids(make_index(parts, mmr_lambda=0.4).search(question, 2))


@pytest.mark.parametrize(
    "question", ["а " * 50_000, "и в не на", "😀🚢", "\u0000\u200b", "()[]{}*?~^\"'\\", "   ", "AND OR NOT", "№" * 300]
)
def test_odd_questions_are_answered(index, question):
    for by in ("hybrid", "bm25", "dense", None):
        assert len(index.search(question, 3, by=by)) <= 3


def test_filter_without_matches(index):
    assert index.search("штраф", 3, filters={"source": "нет такого"}) == []
    assert index.search("штраф", 3, filters={"source": []}) == []


def test_reranker_is_needed_for_reranked(index):
    with pytest.raises(InputError, match="has no reranker"):
        index.search("штраф", 3, by="reranked")


def test_hits_are_ordered_by_score(index):
    hits = index.search("сколько рублей стоит хранение и паром", 4)
    fused = [hit.scores["fused"] for hit in hits]
    assert [hit.rank for hit in hits] == [1, 2, 3, 4][: len(hits)]
    assert fused == sorted(fused, reverse=True)
    assert set(hits[0].scores) == {"fused", "bm25", "dense"}


@pytest.mark.parametrize("top_k", [0, -1])
def test_no_passages_requested(index, top_k):
    assert index.search("срок", top_k) == []


def test_lexical_score_is_bm25(make_index, passages):
    """Robertson and Zaragoza 2009, k1 1.2, b 0.75; the length of a passage is in terms."""
    index = make_index(passages, dense_weight=0.0, heading_weight=0)
    rows = {passage.id: Counter(search_terms(passage.text, passage.metadata["language"])) for passage in passages}
    mean = sum(map(Counter.total, rows.values())) / len(rows)
    for hit in index.search("штраф и премия рублей в год", 9, access=["board"]):
        row = rows[hit.passage.id]
        expected = sum(
            index.idf(term) * row[term] * 2.2 / (row[term] + 1.2 * (0.25 + 0.75 * row.total() / mean))
            for term in search_terms("штраф и премия рублей в год", "ru")
        )
        assert hit.scores["bm25"] == pytest.approx(expected, rel=0.02)


def test_dense_score_is_the_cosine(index):
    question, embedder = "сколько стоит опоздание", open_embedder("sif", index.folder)
    for hit in index.search(question, 5):
        passage = hit.passage
        [a] = embedder.embed([Text(question, "ru")], "question")
        [b] = embedder.embed([embedding_text(passage)], "passage")
        assert hit.scores["dense"] == pytest.approx(max(0.0, float(np.dot(a, b))), abs=1e-5)


def test_dense_search_finds_passages_without_common_words(index):
    [hit] = index.search("лодка, корабль, теплоход", 1)
    assert hit.passage.id == "p2"
    assert hit.scores["bm25"] == 0


def test_passages_are_stored_unchanged(index, passages):
    assert index.passages() == passages
    assert index.passage("p4") == passages[4]
    assert index.languages == ("en", "ru")
    with pytest.raises(InputError, match="no passage has the id"):
        index.passage("it's not there")


def test_rare_terms_weigh_more(index):
    assert index.idf("паром") > index.idf("рубл") > 0
    assert index.idf("нигде") >= index.idf("паром")


@pytest.mark.parametrize("by", ["hybrid", "bm25", "dense"])
def test_retrievers_give_different_scores(index, by):
    hits = index.search("Какой штраф за хранение?", 5, by=by)
    assert hits
    fused = [hit.scores["fused"] for hit in hits]
    assert fused == sorted(fused, reverse=True)
    assert any(hit.scores["dense"] for hit in hits) == (by != "bm25")
    assert any(hit.scores["bm25"] for hit in hits) == (by != "dense")
    assert index.has_dense("ru")
    assert not index.has_dense("en")
    assert index.search("What is the fine for storage?", 5, by="dense") == []


def test_empty_index_finds_nothing(make_index):
    index = make_index([])
    assert index.load().search("срок", 3) == []
    assert index.passages() == []
    assert index.languages == ()
    assert index.idf("срок") >= 0


def test_index_without_russian(make_index, passages):
    index = make_index([passage for passage in passages if passage.metadata["language"] == "en"])
    assert ids(index.load().search("Where does the ferry leave?", 1)) == ["p6"]
    assert ids(index.search("Что такое RTX-4090?", 1)) == ["p8"]


@pytest.mark.parametrize("name", ["passages.lance", "terms.parquet", "documents.parquet", "embedder"])
@pytest.mark.parametrize("harm", ["remove", "empty", "zero", "flip"])
def test_damaged_index_is_one_line(index, tmp_path, name, harm):
    folder = shutil.copytree(index.folder, tmp_path / "index")
    target = folder / name
    files = [path for path in target.rglob("*") if path.is_file()] if target.is_dir() else [target]
    for file in files:
        content = file.read_bytes()
        if harm == "remove":
            file.unlink()
        else:
            harmed = {"empty": b"", "zero": bytes(len(content)), "flip": bytes(byte ^ 255 for byte in content)}
            file.write_bytes(harmed[harm])
    with pytest.raises(OporaError, match="the index is damaged") as caught:
        open_index(folder).search("Какой срок хранения?", 3)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("error", [TypeError, ValueError, KeyError, AttributeError, AssertionError])
@pytest.mark.parametrize("step", ["hybrid.fuse", "pipeline.select", "index_reader.IndexReader.conditions"])
def test_our_own_bugs_are_not_reported_as_damage(index, monkeypatch, error, step):
    def broken(*_):
        raise error("a bug")

    monkeypatch.setattr(f"opora.retrieval.search.{step}", broken)
    with pytest.raises(error, match="a bug"):
        index.search("Какой срок хранения?", 3)


@pytest.mark.parametrize("error", [OSError, StoreError])
def test_errors_of_the_store_are_reported_as_damage(index, monkeypatch, error):
    def broken(*_):
        raise error("cannot read\nthe table")

    monkeypatch.setattr("opora.retrieval.store.lance.LanceStore.take", broken)
    with pytest.raises(OporaError, match=r"the index is damaged \(cannot read the table\); run `opora index`$"):
        index.search("Какой срок хранения?", 3)


def test_folder_without_an_index(tmp_path, corpus):
    with pytest.raises(InputError, match="does not exist"):
        open_index(tmp_path / "index")
    (tmp_path / ".index.partial").mkdir()
    with pytest.raises(InputError, match="is unfinished"):
        open_index(tmp_path / "index")
    with pytest.raises(InputError, match="not an index but the artefact of `ingest`"):
        open_index(corpus)


def test_opening_loads_no_store(index):
    code = (
        "import sys\nfrom pathlib import Path\nfrom opora.retrieval.search.searcher import open_index\n"
        "open_index(Path(sys.argv[1]))\nprint(*sys.modules)"
    )
    command = [sys.executable, "-c", code, str(index.folder)]
    modules = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert not {"lance", "pyarrow", "pymorphy3", "py3langid", "navec", "natasha", "lxml"} & set(modules)


def test_hit_is_a_record(index):
    [hit] = index.search("срок хранения", 1)
    assert type(hit).model_validate_json(hit.model_dump_json()) == hit
    assert isinstance(hit.passage, Passage)


# queries


@pytest.mark.parametrize("question", [question for question, _ in QUESTIONS])
def test_a_query_finds_what_its_text_finds(index, question):
    query = index.query(question)
    assert index.search(query, 5) == index.search(question, 5)
    assert index.candidates(query, 5)[0] is query


def test_a_query_carries_what_the_search_needs(index):
    query = index.query("Какой шртаф за хранение?", filters={"page": 1}, access={"sales", "board"})
    assert query.language == "ru"
    assert query.terms == {term: index.idf(term) for term in ("штраф", "хранен")}
    assert query.vector.shape == (index.manifest.results["dimensions"],)
    assert (query.filters, query.access) == ({"page": 1}, ("board", "sales"))
    assert index.query("What is the fine?").vector is None


def test_a_query_keeps_its_filters_and_labels(index):
    assert "p4" in ids(index.search(index.query("премия директора", access=["board"]), 9))
    assert "p4" not in ids(index.search(index.query("премия директора"), 9))
    assert ids(index.search(index.query("штраф билет", filters={"page": 2}), 9)) == ["p1"]


def test_a_query_of_another_index_is_made_again(index, make_index, passages):
    query = make_index(passages[:2]).query("премия директора", access=["board"])
    assert not query.terms
    assert ids(index.search(query, 1)) == ["p4"]


def test_a_long_question_is_cut(index):
    assert len(index.query("срок " * 10_000).text) == MAX_QUESTION_CHARS
