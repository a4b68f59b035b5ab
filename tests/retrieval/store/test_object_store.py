"""Index with its table in another folder or in an object store."""

import importlib.util

import pytest

from opora.errors import OporaError
from opora.retrieval.index.stage import IndexStage
from opora.retrieval.search.searcher import open_index
from opora.retrieval.settings import IndexSettings
from opora.retrieval.store.base import StoreError
from opora.retrieval.store.lance import explain_lance_errors
from tests.factories import make_numbered_document, write_documents

BUCKET = "papers"
NEEDS_MOTO = pytest.mark.skipif(not importlib.util.find_spec("moto"), reason="moto is not installed")
NEEDS_RAY = pytest.mark.skipif(not importlib.util.find_spec("lance_ray"), reason="lance-ray is not installed")


@pytest.fixture(scope="module")
def bucket():
    """Client of an S3 server with one bucket; the environment is set as a user would set it."""
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    environment = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "us-east-1",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        client = boto3.client("s3", endpoint_url=environment["AWS_ENDPOINT_URL"], region_name="us-east-1")
        client.create_bucket(Bucket=BUCKET)
        yield client
    server.stop()


@pytest.fixture(params=["folder", pytest.param("bucket", marks=NEEDS_MOTO)])
def place(request, tmp_path):
    """URI for tables, and a function that lists existing ones."""
    if request.param == "folder":
        folder = tmp_path / "tables"
        return str(folder), lambda: sorted(path.name for path in folder.iterdir() if any(path.iterdir()))
    client = request.getfixturevalue("bucket")

    def tables():
        listed = client.list_objects_v2(Bucket=BUCKET, Prefix=f"{tmp_path.name}/").get("Contents", [])
        return sorted({item["Key"].split("/")[1] for item in listed})

    return f"s3://{BUCKET}/{tmp_path.name}", tables


def search(folder, question):
    return [hit.passage.id for hit in open_index(folder).search(question, 3, by="bm25")]


@pytest.mark.parametrize("runner", ["local", pytest.param("ray", marks=[NEEDS_RAY, pytest.mark.slow])])
def test_a_table_outside_the_index_is_updated(place, runner, tmp_path):
    uri, tables = place
    settings = IndexSettings(store=f"lance:{uri}", runner=runner)
    corpus, index = tmp_path / "corpus", tmp_path / "index"
    write_documents(corpus, [make_numbered_document(n) for n in range(6)])
    IndexStage(settings, corpus, index).run()
    (first,) = tables()
    assert not list(index.glob("*.lance"))
    assert search(index, "номер3 часть 1")[0] == "d3-1-1"

    reader = open_index(index).load()
    write_documents(corpus, [make_numbered_document(n, edition=2 if n == 3 else 1) for n in range(5)])
    IndexStage(settings, corpus, index).run()
    (second,) = tables()
    assert second != first
    assert search(index, "номер3 часть 1")[0] == "d3-2-1"
    assert [hit.passage.id for hit in reader.search("номер3 часть 1", 1, by="bm25")] == ["d3-2-1"]
    assert {passage.document_id for passage in open_index(index).passages()} == {"d0", "d1", "d2", "d3", "d4"}

    IndexStage(IndexSettings(runner=runner), corpus, index).run()
    assert not tables()
    assert search(index, "номер3 часть 1")[0] == "d3-2-1"


@NEEDS_MOTO
@pytest.mark.usefixtures("bucket")
def test_a_missing_bucket_is_one_line(tmp_path):
    write_documents(tmp_path / "corpus", [make_numbered_document(1)])
    with pytest.raises(
        OporaError, match=r"^s3://nowhere/tables/opora_\w+\.lance: .*check the address and the keys"
    ) as raised:
        IndexStage(IndexSettings(store="lance:s3://nowhere/tables"), tmp_path / "corpus", tmp_path / "index").run()
    assert "\n" not in str(raised.value)
    assert not (tmp_path / "index").exists()


@NEEDS_MOTO
def test_a_lost_table_is_one_line(bucket, tmp_path):
    write_documents(tmp_path / "corpus", [make_numbered_document(1)])
    IndexStage(IndexSettings(store=f"lance:s3://{BUCKET}/lost"), tmp_path / "corpus", tmp_path / "index").run()
    for item in bucket.list_objects_v2(Bucket=BUCKET, Prefix="lost/")["Contents"]:
        bucket.delete_object(Bucket=BUCKET, Key=item["Key"])
    with pytest.raises(OporaError, match=r"^s3://papers/lost/opora_\w+\.lance: .*not found"):
        open_index(tmp_path / "index").search("номер1", 1)


@NEEDS_MOTO
@pytest.mark.usefixtures("bucket")
def test_a_bucket_is_not_blamed_for_the_embedder(tmp_path, monkeypatch):
    def full(*_):
        raise OSError("No space left on device")

    monkeypatch.setattr("opora.retrieval.index.rows.RowMaker.make_rows", full)
    write_documents(tmp_path / "corpus", [make_numbered_document(1)])
    with pytest.raises(OSError, match=r"^No space left on device$"):
        IndexStage(IndexSettings(store=f"lance:s3://{BUCKET}/full"), tmp_path / "corpus", tmp_path / "index").run()


@NEEDS_MOTO
def test_an_unreachable_bucket_is_one_line(bucket, tmp_path, monkeypatch):
    write_documents(tmp_path / "corpus", [make_numbered_document(1)])
    IndexStage(IndexSettings(store=f"lance:s3://{BUCKET}/away"), tmp_path / "corpus", tmp_path / "index").run()
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    with pytest.raises(OporaError, match=r"^s3://papers/away/.*check the address and the keys"):
        open_index(tmp_path / "index").search("номер1", 1)


@pytest.mark.parametrize("uri", ["/tmp/s3:/passages.lance", "s3://papers/passages.lance"])
def test_only_errors_of_lance_are_explained(uri):
    with pytest.raises(FileNotFoundError, match=r"^not here$"), explain_lance_errors(uri):
        raise FileNotFoundError("not here")


@pytest.mark.parametrize(("uri", "hint"), [("/tmp/s3:/a.lance", False), ("s3://papers/a.lance", True)])
def test_a_folder_is_damaged_and_a_bucket_out_of_reach(uri, hint):
    with pytest.raises(OporaError, match=f"^{uri}: not here") as caught, explain_lance_errors(uri):
        raise OSError("not here")
    assert isinstance(caught.value, StoreError) != hint
    assert ("check the address and the keys" in str(caught.value)) == hint
