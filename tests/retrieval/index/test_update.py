"""An index that is updated, killed, damaged and replaced while it is read."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time

import pytest

from opora.errors import OporaError
from opora.retrieval.index import runners
from opora.retrieval.index.rows import RowMaker
from opora.retrieval.index.stage import IndexStage, check_index, load_valid_index
from opora.retrieval.search.searcher import open_index
from opora.retrieval.settings import IndexSettings
from tests.factories import make_numbered_document, write_documents

SETTINGS = IndexSettings()


def passage_ids(folder):
    return sorted(passage.id for passage in open_index(folder).passages())


def document_ids(editions):
    """Ids of the passages of documents, given by number or as number -> edition."""
    pairs = editions.items() if isinstance(editions, dict) else ((number, 1) for number in editions)
    return sorted(passage.id for number, edition in pairs for passage in make_numbered_document(number, edition))


@pytest.fixture
def project(tmp_path):
    write_documents(tmp_path / "corpus", [make_numbered_document(n) for n in range(40)])
    IndexStage(SETTINGS, tmp_path / "corpus", tmp_path / "index").run()
    return tmp_path


@pytest.fixture
def written(monkeypatch):
    """Ids of the passages that became rows."""
    ids = []
    make_rows = RowMaker.make_rows

    def recorded(self, passages):
        ids.extend(passage.id for passage in passages)
        return make_rows(self, passages)

    monkeypatch.setattr(RowMaker, "make_rows", recorded)
    return ids


def test_only_changed_documents_are_written(project, written):
    documents = [make_numbered_document(n) for n in range(40) if n not in (3, 4)]
    documents[7] = make_numbered_document(9, edition=2)
    documents += [make_numbered_document(77), make_numbered_document(78, parts=1)]
    write_documents(project / "corpus", documents)
    manifest = IndexStage(SETTINGS, project / "corpus", project / "index").run()
    assert sorted(written) == sorted(
        passage.id for number in ((9, 2, 3), (77, 1, 3), (78, 1, 1)) for passage in make_numbered_document(*number)
    )
    fresh = IndexStage(SETTINGS, project / "corpus", project / "fresh").run()
    assert passage_ids(project / "index") == passage_ids(project / "fresh")
    assert manifest.counts == fresh.counts
    assert manifest.results["languages"] == fresh.results["languages"]
    assert manifest.results["checksum"] == fresh.results["checksum"]
    index = open_index(project / "index")
    assert index.search("номер77", 1)[0].passage.document_id == "d77"
    assert index.search("номер9 издание2", 1)[0].passage.id.startswith("d9-2-")
    assert not any(hit.passage.document_id == "d3" for hit in index.search("номер3", 9))
    for term in ("насос", "номер77", "номер3", "издание2"):
        assert index.idf(term) == open_index(project / "fresh").idf(term)


def test_search_settings_rewrite_no_row(project, written):
    before = open_index(project / "index").manifest
    after = IndexStage(IndexSettings(dense_weight=0.5, candidates=9), project / "corpus", project / "index").run()
    assert not written
    assert after.fingerprint != before.fingerprint
    assert passage_ids(project / "index") == sorted(
        passage.id for n in range(40) for passage in make_numbered_document(n)
    )


@pytest.mark.parametrize("changes", [{"heading_weight": 3}, {"embedder": "none"}, {"sif_components": 0}])
def test_row_settings_rewrite_all_rows(project, written, changes):
    IndexStage(IndexSettings(**changes), project / "corpus", project / "index").run()
    assert len(written) == 120


def test_many_changes_rebuild_the_index(project, written):
    write_documents(project / "corpus", [make_numbered_document(n) for n in range(70)])
    IndexStage(SETTINGS, project / "corpus", project / "index").run()
    assert len(written) == 210


def test_an_index_of_another_version_is_rebuilt(project, written, capsys):
    path = project / "index" / "manifest.json"
    old = json.loads(path.read_text())
    path.write_text(json.dumps(old | {"results": {"languages": {"ru": 120}, "metadata": {}}}))
    with pytest.raises(OporaError, match="was made by another version of opora; run `opora index`"):
        open_index(project / "index")
    stage = IndexStage(SETTINGS, project / "corpus", project / "index")
    assert stage.build().finished is None
    stage.run()
    assert "made by another version of opora; rebuilding" in capsys.readouterr().err
    assert len(written) == 120
    assert open_index(project / "index").search("номер7", 1)[0].passage.document_id == "d7"


def test_all_documents_removed(project):
    write_documents(project / "corpus", [])
    IndexStage(SETTINGS, project / "corpus", project / "index").run()
    assert passage_ids(project / "index") == []
    assert open_index(project / "index").search("насос", 3) == []


def test_processes_make_the_same_rows(project, monkeypatch):
    whole = IndexStage(SETTINGS, project / "corpus", project / "one").run()
    monkeypatch.setattr(runners, "PARALLEL_FROM", 1)
    monkeypatch.setattr(runners, "BLOCK", 16)
    spread = IndexStage(SETTINGS, project / "corpus", project / "many").run()
    assert spread.fingerprint == whole.fingerprint
    assert spread.counts == whole.counts
    hits = [open_index(project / name).search("насос номер7 паром", 9) for name in ("one", "many")]
    assert hits[0] == hits[1]
    write_documents(project / "corpus", [make_numbered_document(n) for n in range(44)])
    IndexStage(SETTINGS, project / "corpus", project / "many").run()
    assert passage_ids(project / "many") == sorted(
        passage.id for n in range(44) for passage in make_numbered_document(n)
    )


def damage(path, how):
    if how == "truncated":
        os.truncate(path, path.stat().st_size // 2)
    else:
        path.write_bytes(bytes(path.stat().st_size) if how == "zeroed" else b"")


@pytest.mark.parametrize("how", ["truncated", "zeroed", "emptied"])
@pytest.mark.parametrize("updated", [False, True])
def test_damaged_files_are_found_and_repaired(project, how, updated, capsys):
    if updated:
        write_documents(project / "corpus", [make_numbered_document(n) for n in range(42)])
        IndexStage(SETTINGS, project / "corpus", project / "index").run()
    ids = passage_ids(project / "index")
    for part in range(7):
        files = [path for path in (project / "index").rglob("*") if path.is_file() and path.stat().st_size]
        files.sort(key=lambda path: path.stat().st_mtime_ns)
        damage(files[part * (len(files) - 1) // 6], how)
        assert load_valid_index(project / "index") is None
        with pytest.raises(OporaError):
            open_index(project / "index")
        IndexStage(SETTINGS, project / "corpus", project / "index").run()
        assert capsys.readouterr().err.count("rebuilding") == 1
        index = open_index(project / "index")
        assert sorted(passage.id for passage in index.passages()) == ids
        assert index.search("номер7", 1)[0].passage.document_id == "d7"


@pytest.mark.parametrize("how", ["truncated", "zeroed", "emptied"])
def test_opening_a_damaged_index_names_the_command_and_writes_nothing(project, how):
    damage(project / "index" / "terms.parquet", how)
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    for open_or_check in (open_index, check_index):
        with pytest.raises(OporaError, match=r"index is damaged \(terms.parquet has changed\); run `opora index`"):
            open_or_check(project / "index")
    assert {path: path.read_bytes() for path in project.rglob("*") if path.is_file()} == before


def test_readers_see_the_old_index_or_the_new(project):
    """A reader searches while the index is replaced: it never fails and never sees two editions at once."""
    index = open_index(project / "index").load()
    editions, stop, faults = set(), threading.Event(), []

    def read():
        while not stop.is_set():
            try:
                for opened in (index, open_index(project / "index")):
                    hits = opened.search("документ номер5 часть", 3, filters={"source": "ru/doc-5.md"})
                    found_editions = {hit.passage.id.split("-")[1] for hit in hits}
                    assert len(found_editions) == 1, found_editions
                    editions.update(found_editions)
                    assert len(opened.passages()) == 120
            except BaseException as error:
                faults.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    for edition in range(2, 6):
        write_documents(
            project / "corpus", [make_numbered_document(n, edition=edition if n == 5 else 1) for n in range(40)]
        )
        IndexStage(SETTINGS, project / "corpus", project / "index").run()
        time.sleep(0.3)
    stop.set()
    thread.join()
    assert not faults
    assert {"1", "5"} <= editions


CHILD = """
import sys
from pathlib import Path
from opora.retrieval.index.stage import IndexStage
from opora.retrieval.settings import IndexSettings
print("ready", flush=True)
IndexStage(IndexSettings(), Path(sys.argv[1]) / "corpus", Path(sys.argv[1]) / "index").run()
"""


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_killed_at_any_moment(project, seed):
    """25 kills of builds and updates: the index opens at once, holds every document completely or not at all, and the
    same command then completes it."""
    rng = random.Random(seed)
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", CHILD, str(project)], check=True, capture_output=True)
    shutil.rmtree(project / "index")
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", CHILD, str(project)], check=True, capture_output=True)
    takes = time.monotonic() - began
    state = dict.fromkeys(range(40), 1)
    for attempt in range(25):
        if attempt % 5 == 0:
            shutil.rmtree(project / "index")
        before = dict(state)
        for number in rng.sample(range(60), 6):
            state[number] = attempt + 2
        for number in rng.sample(sorted(state), 3):
            del state[number]
        write_documents(project / "corpus", [make_numbered_document(n, edition) for n, edition in state.items()])
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(project)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        child.stdout.readline()
        time.sleep(rng.uniform(0, takes))
        child.send_signal(signal.SIGKILL)
        child.wait()
        expected = [document_ids(editions) for editions in (before, state)]
        if (project / "index").exists() or (project / ".index.old").exists():
            opened = time.monotonic()
            index = open_index(project / "index")
            hits = index.search("насос", 5)
            assert time.monotonic() - opened < 5
            assert hits
            assert sorted(passage.id for passage in index.passages()) in expected
        if attempt % 2:
            IndexStage(SETTINGS, project / "corpus", project / "index").run()
            assert passage_ids(project / "index") == document_ids(state)
        elif (project / "index").exists() and passage_ids(project / "index") != document_ids(state):
            state = before
