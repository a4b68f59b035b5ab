"""One suite for every store: what `opora.retrieval.store.base` promises."""

import importlib.util
import math
import random
from collections import Counter

import lance
import numpy as np
import pytest

from opora.errors import ModelError
from opora.retrieval.store.filters import PUBLIC, Access, Between, OneOf
from opora.retrieval.store.lance import create_lance, open_lance
from opora.retrieval.store.schema import TableSchema, arrow_schema, metadata_column

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
    """Makes a store of some rows, opened anew after they were written."""

    def make(rows, shape=SHAPE):
        store, reopen = request.param(tmp_path_factory.mktemp("store"), shape)
        store.write([batch_of(rows, shape)])
        store.finish()
        return reopen()

    make.empty = lambda folder: request.param(folder, SHAPE)
    return make


# stores that no test changes


@pytest.fixture(scope="module")
def river(make):
    return make(RIVER)


@pytest.fixture(scope="module")
def shelf(make):
    return make(SHELF)


@pytest.fixture(scope="module")
def named(make):
    return make([row(f"{LETTERS[n]}1", "все", "east", **{SOURCE: each}) for n, each in enumerate(NAMES)])


def row(id, terms="", vector="", **columns):
    return {"id": id, "document_id": id[0], "terms": terms, "vector": AXES[vector], **columns}


def batch_of(rows, shape):
    import pyarrow as pa

    given = {"language": "ru", "access": [PUBLIC], "keywords": [], "heading_terms": None, "record": "{}"}
    schema = arrow_schema(shape)
    return pa.RecordBatch.from_pylist(
        [{**given, **{k: each[k] for k in each if k in schema.names}} for each in rows], schema
    )


def by_terms(store, *given):
    """Ids with their scores, best first."""
    found = store.search_by_terms(*given)
    return list(
        zip(store.take([key for key, _ in found], ["id"])["id"].to_pylist(), (s for _, s in found), strict=True)
    )


def by_vector(store, vector, conditions, depth):
    """Ids with their cosines, nearest first."""
    rows = store.take(store.search_by_vector(vector, conditions, depth), ["id", "vector"])
    vectors = np.array(rows["vector"].to_pylist(), np.float32).reshape(len(rows), len(vector))
    return sorted(zip(rows["id"].to_pylist(), (vectors @ vector).tolist(), strict=True), key=lambda each: -each[1])[
        :depth
    ]


def ids(found):
    return [each for each, _ in found]


def every(store, *conditions):
    """Ids of all rows that fulfil the conditions; each kind of search must find the same ones."""
    found = sorted(each for batch in store.scan(conditions, ["id"]) for each in batch["id"].to_pylist())
    assert sorted(ids(by_vector(store, np.array(AXES["east"], np.float32), conditions, 100))) == found
    assert sorted(ids(by_terms(store, ["все"], conditions, 100))) == found
    return found


# by terms


def bm25(rows, terms):
    """Id -> score: Robertson and Zaragoza 2009 with the idf that is never below zero, k1 = 1.2, b = 0.75. A row
    without terms counts for nothing."""
    texts = {each["id"]: each["terms"].split() for each in rows if each["terms"]}
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
    found = by_terms(river, query.split(), [], 10)
    assert ids(found) == sorted(expected, key=expected.__getitem__, reverse=True)
    assert [score for _, score in found] == pytest.approx(sorted(expected.values(), reverse=True), rel=1e-4)


def zipf_rows(count):
    """Rows of 5 to 60 terms, a few of them common and most of them rare."""
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
        found = by_terms(store, query, [], 20)
        best = sorted(expected.values(), reverse=True)[:20]
        assert [score for _, score in found] == pytest.approx(best, rel=1e-4)
        assert [expected[each] for each in ids(found)] == pytest.approx(best, rel=1e-4)


@pytest.mark.parametrize("query", [["нет"], ["нет", "такого"], []])
def test_unknown_terms_find_nothing(river, query):
    assert by_terms(river, query, [], 10) == []


@pytest.mark.parametrize(
    "query", ["паром AND касса", "+насос -паром", '"билет цена"', "terms:паром", "пар*", "насос~2"]
)
def test_nothing_in_a_query_is_syntax(river, query):
    expected = bm25(RIVER, query.split())
    assert sorted(ids(by_terms(river, query.split(), [], 10))) == sorted(expected)


def test_two_thousand_terms(river):
    query = [f"лишнее{n}" for n in range(1998)] + ["насос", "причал"]
    found = by_terms(river, query, [], 10)
    expected = bm25(RIVER, ["насос", "причал"])
    assert dict(found) == pytest.approx(expected, rel=1e-4)


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
    found = by_vector(store, np.array(AXES[query], np.float32), [], 10)
    scores = [score for _, score in found]
    assert scores == pytest.approx([score for _, score in expected], abs=1e-6)
    assert sorted(zip(ids(found), np.round(scores, 3), strict=True)) == sorted(
        (n, pytest.approx(s)) for n, s in expected
    )


def test_many_vectors_are_searched_exactly(make):
    vectors = unit(np.random.default_rng(3).normal(size=(500, 32)))
    store = make([{**row(f"a{n}"), "vector": each} for n, each in enumerate(vectors)], TableSchema(32, {}))
    for query in unit(np.random.default_rng(4).normal(size=(5, 32))):
        found = by_vector(store, query, [], 20)
        best = np.argsort(-(vectors @ query))[:20]
        assert ids(found) == [f"a{n}" for n in best]
        assert [score for _, score in found] == pytest.approx((vectors @ query)[best], abs=1e-5)


@pytest.mark.slow
def test_a_search_through_an_index_of_vectors_finds_what_an_exact_search_finds(make):
    """So many rows that every store makes such an index."""
    vectors, queries = clusters(30_000)
    store = make([{**row(f"a{n}"), "vector": each} for n, each in enumerate(vectors)], TableSchema(64, {}))
    assert kept(store, vectors, queries) >= 9.5


def test_an_index_of_vectors_stays_one_and_grows_with_the_rows(tmp_path):
    """However often rows come, a search looks into one index, the partitions of which are not too large."""
    vectors, queries = clusters(9000)
    rows = [{**row(f"a{n}"), "vector": each} for n, each in enumerate(vectors)]
    place, shape = str(tmp_path / "rows.lance"), TableSchema(64, {})
    store = create_lance(place, shape)
    for some, partitions in ((3000, 1), (3500, 1), (4000, 1), (9000, 2)):
        store.write([batch_of(rows[store.count() : some], shape)])
        store.finish()
        table = lance.dataset(place)
        (index,) = (each for each in table.describe_indices() if each.name == "vector_idx")
        assert (len(index.segments), index.num_rows_indexed) == (1, some)
        assert len(table.get_ivf_model("vector_idx").centroids) == partitions
        assert kept(store, vectors[:some], queries) >= 9.5


def clusters(size):
    """Vectors in 200 clusters, and fifty to ask for."""
    draw = np.random.default_rng(5)
    centers = draw.normal(size=(200, 64))
    drawn = unit(centers[draw.integers(200, size=size + 50)] + 0.5 * draw.normal(size=(size + 50, 64)))
    return drawn[:size], drawn[size:]


def kept(store, vectors, queries):
    """How many of the ten nearest are found, a mean."""
    return np.mean(
        [
            len({f"a{n}" for n in np.argsort(-(vectors @ query))[:10]} & set(ids(by_vector(store, query, [], 10))))
            for query in queries
        ]
    )


def unit(vectors):
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def test_an_error_of_who_makes_the_rows_comes_through(make, tmp_path):
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


def test_conditions_hold_before_the_best_are_taken(make):
    """A hundred better rows stand before the only one that fulfils the condition."""
    rows = [row(f"a{n}", "паром паром", "east", **{PAGE: 1.0}) for n in range(100)]
    store = make([*rows, row("b0", "паром касса касса касса", "between", **{PAGE: 2.0})])
    second = [OneOf(PAGE, (2.0,))]
    assert ids(by_terms(store, ["паром"], second, 1)) == ["b0"]
    assert ids(by_vector(store, np.array(AXES["east"], np.float32), second, 1)) == ["b0"]


def test_a_thousand_values(shelf):
    assert every(shelf, OneOf(SOURCE, (*(f"other{n}" for n in range(1000)), "fees"))) == ["c1"]


# rows


def test_rows_come_back_as_they_went_in(make):
    given = row("a1", "все слово", "between", heading_terms="слово", record='{"text": "Паром"}', language="en")
    store = make([{**given, "keywords": ["слово", "всё"], "access": ["board"], PAGE: 1.5, DRAFT: True, SOURCE: "x"}])
    names = arrow_schema(SHAPE).names
    (found,) = [each for batch in store.scan([], names) for each in batch.to_pylist()]
    assert found.pop("vector") == pytest.approx(AXES["between"])
    assert found == {
        "id": "a1", "document_id": "a", "language": "en", "access": ["board"], "keywords": ["слово", "всё"],
        "heading_terms": "слово", "terms": "все слово",
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
    found = store.take(keys, ["id", "terms"]).to_pylist()
    assert [each["id"] for each in store.take(keys[::-1], ["id"]).to_pylist()] == [each["id"] for each in found][::-1]
    assert len({each["id"] for each in found}) == len(keys)
    assert {each["id"]: each["terms"] for each in found}.items() <= {each["id"]: each["terms"] for each in rows}.items()
    assert store.take([], ["id"]).num_rows == 0


def test_nulls_come_back_as_nulls(make):
    store = make([row("a1", "все", "east")])
    (found,) = [
        each for batch in store.scan([], [PAGE, SOURCE, DRAFT, "heading_terms", "access"]) for each in batch.to_pylist()
    ]
    assert found == {PAGE: None, SOURCE: None, DRAFT: None, "heading_terms": None, "access": [PUBLIC]}


def test_more_is_asked_for_than_there_is(river):
    assert len(by_terms(river, ["паром"], [], 100_000)) == 3
    assert len(by_vector(river, np.array(AXES["east"], np.float32), [], 100_000)) == 6


@pytest.mark.parametrize("depth", [1, 2])
def test_depth(river, depth):
    assert len(by_terms(river, ["паром"], [], depth)) == depth
    assert len(by_vector(river, np.array(AXES["east"], np.float32), [], depth)) == depth


def test_an_empty_store(make):
    store = make([])
    assert store.count() == 0
    assert every(store) == []
    assert every(store, OneOf(SOURCE, ("fees",))) == []


def test_a_store_without_vectors(make):
    shape = TableSchema(0, {})
    store = make(RIVER, shape)
    found = by_terms(store, ["насос"], [], 5)
    assert ids(found) == ["b2"]


def test_no_row_holds_a_term(make):
    store = make([row("a1"), row("b1")])
    assert len(by_terms(store, ["паром"], [], 5)) == 0
    assert store.count() == 2


# delete and write again


def test_deleted_rows_are_gone(make):
    store = make(SHELF)
    store.delete(["a", "c", "no such document"])
    store.finish()
    assert store.count() == 2
    assert every(store) == ["b1", "b2"]


def test_an_updated_store_scores_as_bm25(make):
    """Documents are replaced: the new rows are found by the new terms, and their scores count what is there now."""
    old, new = zipf_rows(300), [row(f"a{n}", f"слово0 новое{n % 7} новое") for n in range(40)]
    store = make(old)
    store.delete(["a"])
    store.write([batch_of(new, SHAPE)])
    store.finish()
    now = [each for each in old if each["document_id"] != "a"] + new
    assert store.count() == len(now)
    for query in (["новое"], ["слово0", "новое3"], ["слово4", "слово90"]):
        expected = bm25(now, query)
        found = by_terms(store, query, [], 500)
        assert sorted(ids(found)) == sorted(expected)
        for name, score in found:
            assert score == pytest.approx(expected[name], rel=1e-4), name


def test_everything_is_deleted_and_written_again(make):
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


def test_batches_are_taken_as_they_come(make):
    store = make([])
    store.write(batch_of([each], SHAPE) for each in RIVER)
    store.finish()
    assert store.count() == len(RIVER)
    assert ids(by_terms(store, ["насос"], [], 10)) == ["b2"]
