"""Milvus beyond the contract of stores: servers, copies, drifting weights, errors."""

import importlib.util
import os
import shutil
import sys

import pyarrow as pa
import pytest

from opora.errors import InputError, OporaError
from opora.retrieval.store.milvus import MilvusCollection, copy_milvus, create_milvus, drop_milvus, open_milvus
from opora.retrieval.store.milvus_client import filter_expression
from opora.retrieval.store.registry import create_store
from opora.retrieval.store.schema import PUBLIC, Access, Between, OneOf, TableSchema, arrow_schema

NEEDS_MILVUS = pytest.mark.skipif(not importlib.util.find_spec("pymilvus"), reason="pymilvus is not installed")
SHAPE = TableSchema(2, {})


def batch_of(texts, shape=SHAPE, **columns):
    defaults = {
        "language": "ru",
        "access": [PUBLIC],
        "keywords": [],
        "places": [],
        "heading_terms": "",
        "record": "{}",
        "vector": [1.0, 0.0],
    }
    rows = [{**defaults, "id": name, "document_id": name[0], "terms": text, **columns} for name, text in texts.items()]
    return pa.RecordBatch.from_pylist(rows, arrow_schema(shape))


def stored(place, texts):
    place.folder.mkdir(exist_ok=True)
    store = create_milvus(place, SHAPE)
    store.write([batch_of(texts)])
    store.finish()
    return store


def scores_by_id(store, *terms):
    return dict(store.search_by_terms(terms, [], 100))


# conditions


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ([], ""),
        ([OneOf("meta_0", ("it's", 'a "b"', "c\\d", "e\nf"))], r'meta_0 in ["it\'s", "a \"b\"", "c\\d", "e\nf"]'),
        ([OneOf("meta_0", (1.0, -2.5))], "meta_0 in [1.0, -2.5]"),
        ([OneOf("meta_0", (True,))], "meta_0 in [true]"),
        ([Between("meta_0", 1.0, None), Between("meta_1", None, "z")], '(meta_0 >= 1.0) and (meta_1 <= "z")'),
        ([Access(())], 'array_contains_any(access, [""])'),
        ([Access(("a",))], 'array_contains_any(access, ["", "a"])'),
    ],
)
def test_expressions(conditions, expected):
    assert filter_expression(conditions) == expected.replace("\\'", "'")


# collections


@pytest.fixture
def place(tmp_path):
    return MilvusCollection(str(tmp_path / "rows.db"), "passages_1", tmp_path)


TEXTS = {"a1": "паром причал север", "a2": "паром касса билет цена", "b1": "касса билет"}


@NEEDS_MILVUS
def test_changing_a_copy_leaves_the_original_alone(place, tmp_path):
    """An index is updated like this: copied, changed, and the old one dropped once nobody reads it."""
    old = stored(place, TEXTS)
    before = scores_by_id(old, "паром", "касса")
    folder = tmp_path / "new"
    shutil.copytree(tmp_path / "milvus", folder / "milvus", copy_function=os.link)
    new = copy_milvus(MilvusCollection(place.uri, "passages_2", folder), "passages_1", SHAPE)
    assert scores_by_id(new, "паром", "касса") == pytest.approx(before)
    new.delete(["a"])
    new.write([batch_of({"c1": "паром насос", "c2": "насос секунда"})])
    new.finish()
    afresh = stored(
        MilvusCollection(place.uri, "passages_3", tmp_path / "afresh"),
        {"b1": "касса билет", "c1": "паром насос", "c2": "насос секунда"},
    )
    for terms in (["паром"], ["насос", "касса"]):
        assert scores_by_id(new, *terms) == pytest.approx(scores_by_id(afresh, *terms))
    assert scores_by_id(open_milvus(place, SHAPE), "паром", "касса") == pytest.approx(before)
    drop_milvus(place.uri, "passages_1")
    with pytest.raises(OporaError, match="has no collection passages_1; run `opora index`"):
        open_milvus(place, SHAPE)
    assert set(scores_by_id(new, "насос")) == {"c1", "c2"}


@NEEDS_MILVUS
def test_scores_stay_close_while_the_mean_length_drifts(place, tmp_path):
    """Longer rows are added: old weights are kept up to a drift of a tenth, within a twentieth of the true score."""
    texts = {f"a{n}": "паром касса билет цена"[: 12 + 11 * (n % 2)] for n in range(40)}
    more = {f"b{n}": "паром насос литр секунда студент" for n in range(5)}
    store = stored(place, texts)
    store.write([batch_of(more)])
    store.finish()
    expected = scores_by_id(
        stored(MilvusCollection(place.uri, "passages_2", tmp_path / "afresh"), {**texts, **more}), "паром", "билет"
    )
    scores = scores_by_id(store, "паром", "билет")
    assert scores != expected
    assert scores == pytest.approx(expected, rel=0.05)


@NEEDS_MILVUS
def test_a_server_answers_like_a_file(place, tmp_path):
    from milvus_lite.adapter.grpc.server import start_server_in_thread

    server, rows, port = start_server_in_thread(data_dir=str(tmp_path / "served"), host="127.0.0.1", port=0)
    try:
        by_server = stored(place._replace(uri=f"http://127.0.0.1:{port}"), TEXTS)
        assert scores_by_id(by_server, "паром", "билет") == scores_by_id(stored(place, TEXTS), "паром", "билет")
    finally:
        server.stop(grace=0)
        rows.close()


@NEEDS_MILVUS
def test_pending_rows_are_deleted_too(place):
    store = create_milvus(place, SHAPE)
    store.write([batch_of(TEXTS)])
    store.delete(["a"])
    store.finish()
    assert set(scores_by_id(store, "паром", "касса")) == {"b1"}


@NEEDS_MILVUS
def test_a_collection_of_that_name_is_replaced(place):
    stored(place, TEXTS)
    assert set(scores_by_id(stored(place, {"z1": "паром"}), "паром")) == {"z1"}


@NEEDS_MILVUS
def test_a_passage_beyond_the_limit_is_named(place):
    store = create_milvus(place, SHAPE)
    rows = batch_of({"a1": "паром", "a2": "слово " * 7000})
    with pytest.raises(
        InputError, match=r"passage a2: its terms takes 77000 bytes, but Milvus stores at most 65535; .*chunk.size"
    ):
        store.write([rows])


@NEEDS_MILVUS
def test_a_missing_server(monkeypatch, place):
    monkeypatch.setattr("opora.retrieval.store.milvus_client.TIMEOUT_S", 1.0)
    with pytest.raises(OporaError, match=r"^milvus:http://127\.0\.0\.1:1: .+$"):
        open_milvus(place._replace(uri="http://127.0.0.1:1"), SHAPE)


@NEEDS_MILVUS
def test_a_file_locked_by_another_process(place, tmp_path):
    """Milvus Lite locks its file."""
    from milvus_lite import MilvusLite

    with MilvusLite(place.uri), pytest.raises(OporaError, match="is the file in use by another process"):
        create_milvus(place, SHAPE)


def test_without_pymilvus_the_extra_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "pymilvus", None)
    with pytest.raises(InputError, match=r"pip install 'opora\[scale\]'"):
        create_store("milvus:shop.db", tmp_path, "passages", SHAPE)


@pytest.mark.parametrize("uri", ["shop", "shop.sqlite", "localhost:19530", "ftp://host"])
def test_a_uri_that_is_neither_file_nor_server(uri, tmp_path):
    with pytest.raises(InputError, match=r"neither a file that ends with \.db nor http"):
        create_store(f"milvus:{uri}", tmp_path, "passages", SHAPE)
