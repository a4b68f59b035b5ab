import importlib.util
import os
import shutil
import signal
import threading
import time

import numpy as np
import pytest

from opora.artifacts import Build, write_parquet
from opora.errors import InputError, OporaError
from opora.records import Passage
from opora.retrieval.index.rows import RowMaker
from opora.retrieval.index.runners import PassageSource, make_rows, parse_runner, write_rows
from opora.retrieval.index.stage import IndexStage
from opora.retrieval.search.searcher import open_index
from opora.retrieval.settings import IndexSettings
from opora.retrieval.store.lance import create_lance, open_lance
from opora.retrieval.store.schema import TableSchema, arrow_schema
from opora.validation import Settings

SHAPE = TableSchema(8, {"language": "text", "page": "number", "source": "text", "title": "text"})
NEEDS_RAY = pytest.mark.skipif(not importlib.util.find_spec("ray"), reason="ray is not installed")


def write_corpus(folder, count):
    """Write a corpus of short passages, twenty per document."""
    words = "паром причал север касса билет насос литр секунда студент льгота цена кассир".split()
    passages = [
        Passage(
            id=f"p{n}", document_id=f"d{n // 20}", text=" ".join(words[(n * k) % 12] for k in range(1, 6)) + f" {n}",
            start=0, end=9, heading=(words[n % 12],),
            metadata={"source": f"{n // 20}.md", "title": "Переправа", "language": "ru", "page": n % 20},
        )
        for n in range(count)
    ]  # fmt: skip
    with Build(folder, "ingest", Settings(), inputs={"n": str(count)}) as build:
        write_parquet(build.path / "passages.parquet", passages)
        build.publish(counts={"passages": count})
    return folder


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    return write_corpus(tmp_path_factory.mktemp("runner") / "corpus", 3000)


def row_maker(folder=None, seconds=0.0):
    """Maker with an embedder that counts letters, records its process in `folder` and sleeps."""

    # inside a function, so that the classes travel to the workers with their code
    class Letters:
        dimensions = 8

        def embed(self, texts, role):
            if folder:
                (folder / str(os.getpid())).touch()
                time.sleep(seconds)
            counts = np.array([[text.text.count(letter) for letter in "аеок"] for text in texts], np.float32)
            return counts / np.maximum(np.linalg.norm(counts, axis=1, keepdims=True), 1e-9)

    return RowMaker(Letters(), SHAPE, 1, lambda term: float(len(term)))


@pytest.fixture
def table(tmp_path):
    """Path of an empty Lance table."""
    place = str(tmp_path / "passages.lance")
    create_lance(place, SHAPE)
    return place


def by_id(batches):
    rows = [row for batch in batches for row in batch.to_pylist()]
    row_by_id = {row["id"]: row for row in rows}
    assert len(row_by_id) == len(rows)
    return row_by_id


def test_local_rows_have_the_order_of_the_corpus(corpus):
    batches = list(make_rows("local", PassageSource(corpus), row_maker()))
    assert [id for batch in batches for id in batch["id"].to_pylist()] == [f"p{n}" for n in range(3000)]
    assert all(batch.num_rows <= 256 for batch in batches)


def test_rows_of_some_documents(corpus):
    rows = by_id(make_rows("local", PassageSource(corpus, frozenset({"d3", "d9", "unknown"})), row_maker()))
    assert sorted(rows) == sorted(f"p{n}" for n in [*range(60, 80), *range(180, 200)])


@pytest.mark.parametrize(
    ("runner", "address"),
    [
        ("local", None),
        ("ray", ""),
        ("ray:10.0.0.5:6379", "10.0.0.5:6379"),
        ("ray:ray://head:10001", "ray://head:10001"),
    ],
)
def test_runners(runner, address):
    assert parse_runner(runner) == address


@pytest.mark.parametrize("runner", ["", "rey", "ray:", "local:1", "Ray", "dask"])
def test_an_unknown_runner_is_an_error(runner, corpus):
    with pytest.raises(InputError, match=r"^runner .*(local|ray)"):
        make_rows(runner, PassageSource(corpus), row_maker())


# on Ray


@pytest.fixture(scope="module")
def cluster():
    """Two nodes of one processor each; one of them declares a GPU."""
    from ray.cluster_utils import Cluster

    memory = 150 * 1024**2
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "object_store_memory": memory})
    cluster.add_node(num_cpus=1, num_gpus=1, object_store_memory=memory)
    cluster.wait_for_nodes()
    yield f"ray:{cluster.address}"
    cluster.shutdown()


def kill_the_first(folder, killed):
    """Kill the first process that records itself in `folder`."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        for path in folder.iterdir():
            os.kill(int(path.name), signal.SIGKILL)
            killed.append(path.name)
            return
        time.sleep(0.01)


@NEEDS_RAY
@pytest.mark.slow
@pytest.mark.parametrize("into", ["batches", "table"])
def test_every_passage_is_written_once_although_a_worker_is_killed(cluster, corpus, table, tmp_path, into):
    noted, killed = tmp_path / "workers", []
    noted.mkdir()
    killer = threading.Thread(target=kill_the_first, args=(noted, killed))
    killer.start()
    maker = row_maker(noted, 0.3)
    if into == "batches":
        rows = by_id(make_rows(cluster, PassageSource(corpus), maker))
    else:
        write_rows(cluster, PassageSource(corpus), maker, table)
        store = open_lance(table, SHAPE)
        store.finish()
        keys = [key for key, _ in store.search_by_terms(["незнакомое", "2999"], [], 10)]
        assert store.take(keys, ["id"]).to_pylist() == [{"id": "p2999"}]
        rows = by_id(store.scan([], arrow_schema(SHAPE).names))
    killer.join()
    assert len(killed) == 1
    assert {path.name for path in noted.iterdir()} - set(killed)
    expected = by_id(make_rows("local", PassageSource(corpus), row_maker()))
    assert rows == {name: {column: row[column] for column in rows["p0"]} for name, row in expected.items()}


@NEEDS_RAY
@pytest.mark.slow
def test_rows_are_appended_to_a_table(cluster, corpus, table):
    open_lance(table, SHAPE).write(make_rows("local", PassageSource(corpus, frozenset({"d0", "d1"})), row_maker()))
    write_rows(cluster, PassageSource(corpus, frozenset({"d2", "d3"})), row_maker(), table)
    assert by_id(open_lance(table, SHAPE).scan([], ["id"])).keys() == {f"p{n}" for n in range(80)}


@NEEDS_RAY
@pytest.mark.slow
def test_no_documents_no_rows(cluster, corpus, table):
    nothing = PassageSource(corpus, frozenset())
    write_rows(cluster, nothing, row_maker(), table)
    assert open_lance(table, SHAPE).count() == 0
    assert list(make_rows(cluster, nothing, row_maker())) == []


@NEEDS_RAY
@pytest.mark.slow
def test_an_error_in_a_worker_is_one_line(cluster, corpus):
    class Broken:
        dimensions = 8

        def embed(self, texts, role):
            raise InputError("the model is not there; name another")

    with pytest.raises(OporaError, match="the model is not there; name another"):
        list(make_rows(cluster, PassageSource(corpus), RowMaker(Broken(), SHAPE, 1, len)))


@NEEDS_RAY
@pytest.mark.parametrize("address", ["127.0.0.1:1", "ray://127.0.0.1:1"])
def test_a_missing_cluster(corpus, address):
    with pytest.raises(OporaError, match=rf"runner ray:{address}: .*refused; check that the cluster runs"):
        list(make_rows(f"ray:{address}", PassageSource(corpus), row_maker()))


@NEEDS_RAY
@pytest.mark.slow
def test_ray_and_this_process_make_the_same_index(cluster, tmp_path):
    folder = tmp_path / "corpus"
    write_corpus(folder, 300)
    here = IndexStage(IndexSettings(), folder, tmp_path / "here").run()
    there = IndexStage(IndexSettings(runner=cluster), folder, tmp_path / "there").run()
    assert there.results == here.results
    assert there.counts == here.counts
    hits = [open_index(tmp_path / name).search("Сколько литров качает насос 77?", 9) for name in ("here", "there")]
    assert hits[0] == hits[1]
    shutil.rmtree(folder)
    write_corpus(folder, 340)
    updated = IndexStage(IndexSettings(runner=cluster), folder, tmp_path / "there").run()
    assert updated.counts["passages"] == 340
    assert sorted(passage.id for passage in open_index(tmp_path / "there").passages()) == sorted(
        f"p{n}" for n in range(340)
    )
