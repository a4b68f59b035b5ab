"""Tests that every store passes: the contract of `opora.retrieval.store.base`."""

import importlib.util
import math
import random
from collections import Counter

import lance
import numpy as np
import pytest

from opora.errors import ModelError
from opora.retrieval.store.lance import create_lance, open_lance
from opora.retrieval.store.schema import PUBLIC, Access, At, Between, OneOf, TableSchema, arrow_schema, metadata_column

KINDS = {"draft": "bool", "page": "number", "source": "text"}
SHAPE = TableSchema(4, KINDS)
DRAFT, PAGE, SOURCE = (metadata_column(key, KINDS) for key in KINDS)
AXES = {"east": (1, 0, 0, 0), "north": (0, 1, 0, 0), "between": (0.6, 0.8, 0, 0), "west": (-1, 0, 0, 0), "": (0,) * 4}


def in_lance(folder, shape):
    place = str(folder / "rows.lance")
    return create_lance(place, shape), lambda: open_lance(place, shape)


def in_milvus(folder, shape):
    from opora.retrieval.store.milvus import MilvusCollection, create_milvus, open_milvus

    place = MilvusCollection(str(folder.parent / "rows.db"), folder.name, folder)
    return create_milvus(place, shape), lambda: open_milvus(place, shape)


NEEDS_MILVUS = pytest.mark.skipif(not importlib.util.find_spec("pymilvus"), reason="pymilvus is not installed")


@pytest.fixture(scope="module", params=[in_lance, pytest.param(in_milvus, marks=NEEDS_MILVUS)])
def make(request, tmp_path_factory):
    """Make a store of rows and reopen it after they were written."""

    def make(rows, shape=SHAPE):
        store, reopen = request.param(tmp_path_factory.mktemp("store"), shape)
        store.write([batch_of(rows, shape)])
        store.finish()
        return reopen()

    make.empty = lambda folder: request.param(folder, SHAPE)
    return make


# read-only stores


@pytest.fixture(scope="module")
def river(make):
    return make(RIVER)


@pytest.fixture(scope="module")
def shelf(make):
    return make(SHELF)


@pytest.fixture(scope="module")
def named(make):
    return make([row(f"{LETTERS[n]}1", "все", "east", **{SOURCE: name}) for n, name in enumerate(NAMES)])


def row(id, terms="", vector="", **columns):
    places = ["article 1"] if id[0] == "a" else []
    return {"id": id, "document_id": id[0], "terms": terms, "vector": AXES[vector], "places": places, **columns}


def batch_of(rows, shape):
    import pyarrow as pa

    defaults = {
        "language": "ru",
        "access": [PUBLIC],
        "keywords": [],
        "places": [],
        "heading_terms": None,
        "record": "{}",
    }
    schema = arrow_schema(shape)
    return pa.RecordBatch.from_pylist(
        [{**defaults, **{k: record[k] for k in record if k in schema.names}} for record in rows], schema
    )


def by_terms(store, *arguments):
    """Return ids with their scores, best first."""
    hits = store.search_by_terms(*arguments)
    return list(zip(store.take([key for key, _ in hits], ["id"])["id"].to_pylist(), (s for _, s in hits), strict=True))


def by_vector(store, vector, conditions, depth):
    """Return ids with their cosines, nearest first."""
    rows = store.take(store.search_by_vector(vector, conditions, depth), ["id", "vector"])
    vectors = np.array(rows["vector"].to_pylist(), np.float32).reshape(len(rows), len(vector))
    return sorted(zip(rows["id"].to_pylist(), (vectors @ vector).tolist(), strict=True), key=lambda pair: -pair[1])[
        :depth
    ]


def ids(hits):
    return [id for id, _ in hits]


def every(store, *conditions):
    """Return ids of all rows that meet the conditions; both searches must find the same ones."""
    expected = sorted(id for batch in store.scan(conditions, ["id"]) for id in batch["id"].to_pylist())
    assert sorted(ids(by_vector(store, np.array(AXES["east"], np.float32), conditions, 100))) == expected
    assert sorted(ids(by_terms(store, ["все"], conditions, 100))) == expected
    return expected


# by terms


def bm25(rows, terms):
    """Id -> score: Robertson and Zaragoza 2009 with a non-negative idf, k1 = 1.2, b = 0.75. A row
    without terms counts for nothing."""
    texts = {record["id"]: record["terms"].split() for record in rows if record["terms"]}
    average = sum(map(len, texts.values())) / len(texts)
    holding = Counter(term for text in texts.values() for term in set(text))
    scores = {}
    for name, text in texts.items():
        counts = Counter(text)
        for term in terms:
            idf = math.log(1 + (len(texts) - holding[term] + 0.5) / (holding[term] + 0.5))
            length = 1 - 0.75 + 0.75 * len(text) / average
            scores[name] = scores.get(name, 0) + idf * counts[term] * 2.2 / (counts[term] + 1.2 * length)
    return {name: score for name, score in scores.items() if score}


RIVER = [
    row("a1", "паром причал север"),
    row("a2", "паром паром паром касса билет цена льгота студент"),
    row("b1", "касса билет цена"),
    row("b2", "насос литр секунда насос"),
    row("c1", "паром касса 12.1.004-91 rtx-4090 c++"),
    row("c2", ""),
]


@pytest.mark.parametrize(
    "query",
    [
        "паром",
        "насос паром",
        "касса билет цена льгота",
        "12.1.004-91",
        "c++ rtx-4090",
        "причал незнакомое",
        "насос секунда литр север студент",
        "паром паром касса",
    ],
)
def test_terms_score_as_bm25(river, query):
    expected = bm25(RIVER, query.split())
    hits = by_terms(river, query.split(), [], 10)
    assert ids(hits) == sorted(expected, key=expected.__getitem__, reverse=True)
    assert [score for _, score in hits] == pytest.approx(sorted(expected.values(), reverse=True), rel=1e-4)


def zipf_rows(count):
    """Make rows of 5 to 60 terms, a few of them common and most of them rare."""
    words = [f"слово{n}" for n in range(500)]
    weights = [1 / (n + 1) for n in range(500)]
    draw = random.Random(7)
    return [
        row(f"{'abcd'[n % 4]}{n}", " ".join(draw.choices(words, weights, k=draw.randint(5, 60)))) for n in range(count)
    ]


def test_terms_of_many_rows_score_as_bm25(make):
    rows = zipf_rows(400)
    store = make(rows)
    for query in (["слово0", "слово40", "слово200"], ["слово3"], [f"слово{n}" for n in range(100, 120)]):
        expected = bm25(rows, query)
        hits = by_terms(store, query, [], 20)
        best = sorted(expected.values(), reverse=True)[:20]
        assert [score for _, score in hits] == pytest.approx(best, rel=1e-4)
        assert [expected[id] for id in ids(hits)] == pytest.approx(best, rel=1e-4)


@pytest.mark.parametrize("query", [["нет"], ["нет", "такого"], []])
def test_unknown_terms_find_nothing(river, query):
    assert by_terms(river, query, [], 10) == []


@pytest.mark.parametrize(
    "query", ["паром AND касса", "+насос -паром", '"билет цена"', "terms:паром", "пар*", "насос~2"]
)
def test_terms_are_never_syntax(river, query):
    expected = bm25(RIVER, query.split())
    assert sorted(ids(by_terms(river, query.split(), [], 10))) == sorted(expected)


def test_two_thousand_terms(river):
    query = [f"лишнее{n}" for n in range(1998)] + ["насос", "причал"]
    hits = by_terms(river, query, [], 10)
    expected = bm25(RIVER, ["насос", "причал"])
    assert dict(hits) == pytest.approx(expected, rel=1e-4)


# by vector


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("east", [("a1", 1), ("b1", 0.6), ("a2", 0), ("c1", 0), ("b2", -1)]),
        ("north", [("a2", 1), ("b1", 0.8), ("a1", 0), ("b2", 0), ("c1", 0)]),
        ("between", [("b1", 1), ("a2", 0.8), ("a1", 0.6), ("c1", 0), ("b2", -0.6)]),
        ("", [("a1", 0), ("a2", 0), ("b1", 0), ("b2", 0), ("c1", 0)]),
    ],
)
def test_vectors_score_as_cosine(make, query, expected):
    axes = {"a1": "east", "a2": "north", "b1": "between", "b2": "west", "c1": ""}
    store = make([row(name, "все", axis) for name, axis in axes.items()])
    hits = by_vector(store, np.array(AXES[query], np.float32), [], 10)
    scores = [score for _, score in hits]
    assert scores == pytest.approx([score for _, score in expected], abs=1e-6)
    assert sorted(zip(ids(hits), np.round(scores, 3), strict=True)) == sorted(
        (n, pytest.approx(s)) for n, s in expected
    )


def test_many_vectors_are_searched_exactly(make):
    vectors = unit(np.random.default_rng(3).normal(size=(500, 32)))
    store = make([{**row(f"a{n}"), "vector": vector} for n, vector in enumerate(vectors)], TableSchema(32, {}))
    for query in unit(np.random.default_rng(4).normal(size=(5, 32))):
        hits = by_vector(store, query, [], 20)
        best = np.argsort(-(vectors @ query))[:20]
        assert ids(hits) == [f"a{n}" for n in best]
        assert [score for _, score in hits] == pytest.approx((vectors @ query)[best], abs=1e-5)


@pytest.mark.slow
def test_the_vector_index_finds_the_exact_neighbors(make):
    """Every store builds a vector index for this many rows."""
    vectors, queries = clusters(30_000)
    store = make([{**row(f"a{n}"), "vector": vector} for n, vector in enumerate(vectors)], TableSchema(64, {}))
    assert kept(store, vectors, queries) >= 9.5


def test_the_vector_index_has_one_segment_and_grows_with_the_rows(tmp_path):
    """However often rows are added, a search reads one segment, and its partitions stay small."""
    vectors, queries = clusters(9000)
    rows = [{**row(f"a{n}"), "vector": vector} for n, vector in enumerate(vectors)]
    place, shape = str(tmp_path / "rows.lance"), TableSchema(64, {})
    store = create_lance(place, shape)
    for size, partitions in ((3000, 1), (3500, 1), (4000, 1), (9000, 2)):
        store.write([batch_of(rows[store.count() : size], shape)])
        store.finish()
        table = lance.dataset(place)
        (index,) = (entry for entry in table.describe_indices() if entry.name == "vector_idx")
        assert (len(index.segments), index.num_rows_indexed) == (1, size)
        assert len(table.get_ivf_model("vector_idx").centroids) == partitions
        assert kept(store, vectors[:size], queries) >= 9.5


def clusters(size):
    """Make vectors in 200 clusters, and fifty queries."""
    draw = np.random.default_rng(5)
    centers = draw.normal(size=(200, 64))
    drawn = unit(centers[draw.integers(200, size=size + 50)] + 0.5 * draw.normal(size=(size + 50, 64)))
    return drawn[:size], drawn[size:]


def kept(store, vectors, queries):
    """Return the mean number of the ten nearest vectors that a search finds."""
    return np.mean(
        [
            len({f"a{n}" for n in np.argsort(-(vectors @ query))[:10]} & set(ids(by_vector(store, query, [], 10))))
            for query in queries
        ]
    )


def unit(vectors):
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def test_an_error_of_the_row_maker_is_raised_unchanged(make, tmp_path):
    def rows():
        yield batch_of([row("a1", "паром", "east")], SHAPE)
        raise ModelError("the server is gone")

    store, _ = make.empty(tmp_path)
    with pytest.raises(ModelError, match=r"^the server is gone$"):
        store.write(rows())


# conditions

NAMES = [
    "d'Artagnan.pdf",
    "50% off.md",
    'a "b".txt',
    "back\\slash",
    "новая\nстрока",
    "_",
    "%",
    "",
    "it's''so",
    "c\ttab",
]
LETTERS = "abcdefghijklmnopqrstuvwxyz"
SHELF = [
    row("a1", "все", "east", **{PAGE: 1.0, SOURCE: "fees.pdf", DRAFT: True, "access": ["board"]}),
    row("a2", "все", "east", **{PAGE: 2.5, SOURCE: "fees.pdf", DRAFT: False, "access": ["board", "audit"]}),
    row("b1", "все", "east", **{PAGE: -3.0, SOURCE: "ferry.md", DRAFT: True, "access": ["o'neil"]}),
    row("b2", "все", "east", **{PAGE: 1e300, SOURCE: "Ferry.md"}),
    row("c1", "все", "east", **{SOURCE: "fees", DRAFT: False}),
    row("c2", "все", "east", **{PAGE: 0.1}),
]


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ([], "a1 a2 b1 b2 c1 c2"),
        ([OneOf("document_id", ("a", "c"))], "a1 a2 c1 c2"),
        ([OneOf("id", ("b2", "c2", "z9"))], "b2 c2"),
        ([OneOf("language", ("en",))], ""),
        ([OneOf(SOURCE, ("fees.pdf",))], "a1 a2"),
        ([OneOf(SOURCE, ("fees", "ferry.md"))], "b1 c1"),
        ([OneOf(SOURCE, ())], ""),
        ([OneOf(PAGE, (1.0, -3.0, 7.0))], "a1 b1"),
        ([OneOf(PAGE, (0.1, 1e300))], "b2 c2"),
        ([OneOf(DRAFT, (True,))], "a1 b1"),
        ([OneOf(DRAFT, (False,))], "a2 c1"),
        ([OneOf(DRAFT, (True, False))], "a1 a2 b1 c1"),
        ([Between(PAGE, 1.0, 2.5)], "a1 a2"),
        ([Between(PAGE, 1.0, None)], "a1 a2 b2"),
        ([Between(PAGE, None, 0.5)], "b1 c2"),
        ([Between(PAGE, 3.0, 2.0)], ""),
        ([Between(SOURCE, "fees", "ferry.md")], "a1 a2 b1 c1"),
        ([Between(SOURCE, None, "Z")], "b2"),
        ([At(("article 1",))], "a1 a2"),
        ([At(("article 11", "article 2"))], ""),
        ([At(("article 1",)), Access(())], ""),
        ([Access(())], "b2 c1 c2"),
        ([Access(("board",))], "a1 a2 b2 c1 c2"),
        ([Access(("audit", "o'neil", "no one"))], "a2 b1 b2 c1 c2"),
        ([Access(("boar", "Board"))], "b2 c1 c2"),
        ([OneOf(SOURCE, ("fees.pdf",)), OneOf(DRAFT, (True,)), Access(("audit",))], ""),
        ([OneOf(SOURCE, ("fees.pdf",)), Between(PAGE, 2.0, None), Access(("audit",))], "a2"),
    ],
)
def test_conditions(shelf, conditions, expected):
    assert every(shelf, *conditions) == expected.split()


@pytest.mark.parametrize("name", NAMES)
def test_a_value_is_never_syntax(named, name):
    assert every(named, OneOf(SOURCE, (name,))) == [f"{LETTERS[NAMES.index(name)]}1"]


def test_conditions_apply_before_the_limit(make):
    """A hundred rows score higher than the only one that meets the condition."""
    rows = [row(f"a{n}", "паром паром", "east", **{PAGE: 1.0}) for n in range(100)]
    store = make([*rows, row("b0", "паром касса касса касса", "between", **{PAGE: 2.0})])
    second = [OneOf(PAGE, (2.0,))]
    assert ids(by_terms(store, ["паром"], second, 1)) == ["b0"]
    assert ids(by_vector(store, np.array(AXES["east"], np.float32), second, 1)) == ["b0"]


def test_a_thousand_values(shelf):
    assert every(shelf, OneOf(SOURCE, (*(f"other{n}" for n in range(1000)), "fees"))) == ["c1"]


# rows


def test_rows_are_stored_unchanged(make):
    written = row("a1", "все слово", "between", heading_terms="слово", record='{"text": "Паром"}', language="en")
    store = make([{**written, "keywords": ["слово", "всё"], "access": ["board"], PAGE: 1.5, DRAFT: True, SOURCE: "x"}])
    names = arrow_schema(SHAPE).names
    (stored,) = [record for batch in store.scan([], names) for record in batch.to_pylist()]
    assert stored.pop("vector") == pytest.approx(AXES["between"])
    assert stored == {
        "id": "a1", "document_id": "a", "language": "en", "access": ["board"], "keywords": ["слово", "всё"],
        "places": ["article 1"], "heading_terms": "слово", "terms": "все слово",
        "record": '{"text": "Паром"}', DRAFT: True, PAGE: 1.5, SOURCE: "x",
    }  # fmt: skip
    (key, _), *_ = store.search_by_terms(["все"], [], 1)
    assert store.search_by_vector(np.array(AXES["east"], np.float32), [], 1) == [key]
    (hit,) = store.take([key], ["record", "vector"]).to_pylist()
    assert hit == {"record": '{"text": "Паром"}', "vector": pytest.approx(AXES["between"])}


def test_rows_are_taken_in_the_order_of_their_keys(make):
    rows = zipf_rows(700)
    store = make(rows)
    keys = [key for key, _ in store.search_by_terms(["слово0"], [], 700)]
    random.Random(1).shuffle(keys)
    assert len(keys) > 600
    stored = store.take(keys, ["id", "terms"]).to_pylist()
    assert [record["id"] for record in store.take(keys[::-1], ["id"]).to_pylist()] == [
        record["id"] for record in stored
    ][::-1]
    assert len({record["id"] for record in stored}) == len(keys)
    assert {record["id"]: record["terms"] for record in stored}.items() <= {
        record["id"]: record["terms"] for record in rows
    }.items()
    assert store.take([], ["id"]).num_rows == 0


def test_nulls_are_stored(make):
    store = make([row("a1", "все", "east")])
    (stored,) = [
        record
        for batch in store.scan([], [PAGE, SOURCE, DRAFT, "heading_terms", "access"])
        for record in batch.to_pylist()
    ]
    assert stored == {PAGE: None, SOURCE: None, DRAFT: None, "heading_terms": None, "access": [PUBLIC]}


def test_a_limit_beyond_the_number_of_rows(river):
    assert len(by_terms(river, ["паром"], [], 100_000)) == 3
    assert len(by_vector(river, np.array(AXES["east"], np.float32), [], 100_000)) == 6


@pytest.mark.parametrize("limit", [1, 2])
def test_limit(river, limit):
    assert len(by_terms(river, ["паром"], [], limit)) == limit
    assert len(by_vector(river, np.array(AXES["east"], np.float32), [], limit)) == limit


def test_an_empty_store(make):
    store = make([])
    assert store.count() == 0
    assert every(store) == []
    assert every(store, OneOf(SOURCE, ("fees",))) == []


def test_a_store_without_vectors(make):
    shape = TableSchema(0, {})
    store = make(RIVER, shape)
    hits = by_terms(store, ["насос"], [], 5)
    assert ids(hits) == ["b2"]


def test_rows_without_terms(make):
    store = make([row("a1"), row("b1")])
    assert len(by_terms(store, ["паром"], [], 5)) == 0
    assert store.count() == 2


# delete and rewrite


def test_deleted_rows_are_not_found(make):
    store = make(SHELF)
    store.delete(["a", "c", "no such document"])
    store.finish()
    assert store.count() == 2
    assert every(store) == ["b1", "b2"]


def test_an_updated_store_scores_as_bm25(make):
    """Documents are replaced: rows are found by their new terms, and scores use the current frequencies."""
    old, new = zipf_rows(300), [row(f"a{n}", f"слово0 новое{n % 7} новое") for n in range(40)]
    store = make(old)
    store.delete(["a"])
    store.write([batch_of(new, SHAPE)])
    store.finish()
    current = [record for record in old if record["document_id"] != "a"] + new
    assert store.count() == len(current)
    for query in (["новое"], ["слово0", "новое3"], ["слово4", "слово90"]):
        expected = bm25(current, query)
        hits = by_terms(store, query, [], 500)
        assert sorted(ids(hits)) == sorted(expected)
        for name, score in hits:
            assert score == pytest.approx(expected[name], rel=1e-4), name


def test_all_rows_are_deleted_and_rewritten(make):
    store = make(SHELF)
    store.delete(["a", "b", "c"])
    store.finish()
    assert every(store) == []
    store.write([batch_of(SHELF[:2], SHAPE)])
    store.finish()
    assert every(store) == ["a1", "a2"]


def test_an_empty_store_is_filled_later(make):
    store = make([])
    store.write([batch_of(RIVER, SHAPE)])
    store.finish()
    assert sorted(ids(by_terms(store, ["паром"], [], 10))) == ["a1", "a2", "c1"]


def test_many_documents_are_deleted_at_once(make):
    store = make([row(f"{chr(0x430 + n)}1", "все", "east") for n in range(30)])
    store.delete([chr(0x430 + n) for n in range(29)] + [f"нет{n}'\"%" for n in range(1000)])
    store.finish()
    assert every(store) == [chr(0x430 + 29) + "1"]


def test_batches_are_written_as_they_come(make):
    store = make([])
    store.write(batch_of([record], SHAPE) for record in RIVER)
    store.finish()
    assert store.count() == len(RIVER)
    assert ids(by_terms(store, ["насос"], [], 10)) == ["b2"]
