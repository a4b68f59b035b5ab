"""An index whose table lies in another folder, or in an object store."""

import importlib.util

import pytest

from opora.errors import OporaError
from opora.retrieval.index.stage import build_index
from opora.retrieval.search.searcher import open_index
from opora.retrieval.settings import IndexSettings
from opora.retrieval.store.lance import explained
from tests.retrieval.index.test_update import corpus_of, document

BUCKET = "papers"
NEEDS_MOTO = pytest.mark.skipif(not importlib.util.find_spec("moto"), reason="moto is not installed")
NEEDS_RAY = pytest.mark.skipif(not importlib.util.find_spec("lance_ray"), reason="lance-ray is not installed")


@pytest.fixture(scope="module")
def bucket():
    """A client of a server that speaks S3, with one bucket; the environment names it, as a user's would."""
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    given = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "us-east-1",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in given.items():
            patch.setenv(name, value)
        client = boto3.client("s3", endpoint_url=given["AWS_ENDPOINT_URL"], region_name="us-east-1")
        client.create_bucket(Bucket=BUCKET)
        yield client
    server.stop()


@pytest.fixture(params=["folder", pytest.param("bucket", marks=NEEDS_MOTO)])
def place(request, tmp_path):
    """Where the tables go, and a function that names those that are there."""
    if request.param == "folder":
        folder = tmp_path / "tables"
        return str(folder), lambda: sorted(each.name for each in folder.iterdir() if any(each.iterdir()))
    client = request.getfixturevalue("bucket")

    def tables():
        listed = client.list_objects_v2(Bucket=BUCKET, Prefix=f"{tmp_path.name}/").get("Contents", [])
        return sorted({each["Key"].split("/")[1] for each in listed})

    return f"s3://{BUCKET}/{tmp_path.name}", tables


def found(folder, question):
    return [hit.passage.id for hit in open_index(folder).search(question, 3, by="words")]


@pytest.mark.parametrize("runner", ["local", pytest.param("ray", marks=[NEEDS_RAY, pytest.mark.slow])])
def test_the_table_lies_there_and_is_brought_up_to_date(place, runner, tmp_path):
    uri, tables = place
    settings = IndexSettings(store=f"lance:{uri}", runner=runner)
    corpus, index = tmp_path / "corpus", tmp_path / "index"
    corpus_of(corpus, [document(n) for n in range(6)])
    build_index(settings, corpus, index)
    (first,) = tables()
    assert not list(index.glob("*.lance"))
    assert found(index, "номер3 часть 1")[0] == "d3-1-1"

    reader = open_index(index).load()
    corpus_of(corpus, [document(n, edition=2 if n == 3 else 1) for n in range(5)])
    build_index(settings, corpus, index)
    (second,) = tables()
    assert second != first
    assert found(index, "номер3 часть 1")[0] == "d3-2-1"
    assert [each.passage.id for each in reader.search("номер3 часть 1", 1, by="words")] == ["d3-2-1"]
    assert {each.document_id for each in open_index(index).passages()} == {"d0", "d1", "d2", "d3", "d4"}

    build_index(IndexSettings(runner=runner), corpus, index)
    assert not tables()
    assert found(index, "номер3 часть 1")[0] == "d3-2-1"


@NEEDS_MOTO
@pytest.mark.usefixtures("bucket")
def test_a_bucket_that_is_not_there_is_one_line(tmp_path):
    corpus_of(tmp_path / "corpus", [document(1)])
    with pytest.raises(
        OporaError, match=r"^s3://nowhere/tables/opora_\w+\.lance: .*are address and keys right"
    ) as raised:
        build_index(IndexSettings(store="lance:s3://nowhere/tables"), tmp_path / "corpus", tmp_path / "index")
    assert "\n" not in str(raised.value)
    assert not (tmp_path / "index").exists()


@NEEDS_MOTO
def test_a_table_that_cannot_be_reached_any_more_is_one_line(bucket, tmp_path):
    corpus_of(tmp_path / "corpus", [document(1)])
    build_index(IndexSettings(store=f"lance:s3://{BUCKET}/lost"), tmp_path / "corpus", tmp_path / "index")
    for each in bucket.list_objects_v2(Bucket=BUCKET, Prefix="lost/")["Contents"]:
        bucket.delete_object(Bucket=BUCKET, Key=each["Key"])
    with pytest.raises(OporaError, match=r"^s3://papers/lost/opora_\w+\.lance: .*not found"):
        open_index(tmp_path / "index").search("номер1", 1)


@NEEDS_MOTO
@pytest.mark.usefixtures("bucket")
def test_a_bucket_is_not_blamed_for_the_embedder(tmp_path, monkeypatch):
    def full(*_):
        raise OSError("No space left on device")

    monkeypatch.setattr("opora.retrieval.index.rows.RowMaker.rows", full)
    corpus_of(tmp_path / "corpus", [document(1)])
    with pytest.raises(OSError, match=r"^No space left on device$"):
        build_index(IndexSettings(store=f"lance:s3://{BUCKET}/full"), tmp_path / "corpus", tmp_path / "index")


@NEEDS_MOTO
def test_a_search_that_cannot_reach_the_bucket_is_one_line(bucket, tmp_path, monkeypatch):
    corpus_of(tmp_path / "corpus", [document(1)])
    build_index(IndexSettings(store=f"lance:s3://{BUCKET}/away"), tmp_path / "corpus", tmp_path / "index")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    with pytest.raises(OporaError, match=r"^s3://papers/away/.*are address and keys right"):
        open_index(tmp_path / "index").search("номер1", 1)


@pytest.mark.parametrize(
    ("place", "raised"), [("/tmp/s3:/passages.lance", OSError), ("s3://papers/passages.lance", FileNotFoundError)]
)
def test_only_what_the_store_says_is_explained(place, raised):
    with pytest.raises(raised, match=r"^not here$"), explained(place):
        raise raised("not here")
