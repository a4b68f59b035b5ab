"""An index that is brought up to date, killed, harmed and replaced while others read it."""

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
from opora.retrieval.index import runners as runner
from opora.retrieval.index import stage as module
from opora.retrieval.index.stage import build_index, whole_index
from opora.retrieval.search.searcher import open_index
from opora.retrieval.settings import IndexSettings
from tests.retrieval.conftest import make_corpus, make_passage

SETTINGS = IndexSettings()
WORDS = "насос паром причал билет касса рубль склад груз срок договор акт отчёт смета кран шкаф".split()


def document(number, edition=1, parts=3):
    """Passages of a document, each of which names it."""
    rng = random.Random(f"{number} {edition}")
    rows = [
        ("ru", f"doc-{number}.md", None, "Глава", f"Документ номер{number} часть {part} издание{edition} "
         + " ".join(rng.choices(WORDS, k=12)) + ".", ())
        for part in range(parts)
    ]  # fmt: skip
    passages = [make_passage(0, row) for row in rows]
    return [
        each.model_copy(
            update={
                "id": f"d{number}-{edition}-{part}",
                "document_id": f"d{number}",
                "start": 500 * part,
                "end": 500 * part + len(each.text),
            }
        )
        for part, each in enumerate(passages)
    ]


def corpus_of(folder, documents):
    shutil.rmtree(folder, ignore_errors=True)
    return make_corpus(folder, [passage for each in documents for passage in each])


def held(folder):
    return sorted(each.id for each in open_index(folder).passages())


@pytest.fixture
def project(tmp_path):
    corpus_of(tmp_path / "corpus", [document(n) for n in range(40)])
    build_index(SETTINGS, tmp_path / "corpus", tmp_path / "index")
    return tmp_path


@pytest.fixture
def written(monkeypatch):
    """Ids of the passages that became rows."""
    ids = []
    rows = module.RowMaker.rows

    def recorded(self, passages):
        ids.extend(each.id for each in passages)
        return rows(self, passages)

    monkeypatch.setattr(module.RowMaker, "rows", recorded)
    return ids


def test_only_what_changed_is_written(project, written):
    documents = [document(n) for n in range(40) if n not in (3, 4)]
    documents[7] = document(9, edition=2)
    documents += [document(77), document(78, parts=1)]
    corpus_of(project / "corpus", documents)
    manifest = build_index(SETTINGS, project / "corpus", project / "index")
    assert sorted(written) == sorted(
        each.id for number in ((9, 2, 3), (77, 1, 3), (78, 1, 1)) for each in document(*number)
    )
    fresh = build_index(SETTINGS, project / "corpus", project / "fresh")
    assert held(project / "index") == held(project / "fresh")
    assert manifest.counts == fresh.counts
    assert manifest.results["languages"] == fresh.results["languages"]
    assert manifest.results["checksum"] == fresh.results["checksum"]
    index = open_index(project / "index")
    assert index.search("номер77", 1)[0].passage.document_id == "d77"
    assert index.search("номер9 издание2", 1)[0].passage.id.startswith("d9-2-")
    assert not any(hit.passage.document_id == "d3" for hit in index.search("номер3", 9))
    for term in ("насос", "номер77", "номер3", "издание2"):
        assert index.idf(term) == open_index(project / "fresh").idf(term)


def test_settings_of_the_search_write_no_row(project, written):
    before = open_index(project / "index").manifest
    after = build_index(IndexSettings(dense_weight=0.5, depth=9), project / "corpus", project / "index")
    assert not written
    assert after.fingerprint != before.fingerprint
    assert held(project / "index") == sorted(each.id for n in range(40) for each in document(n))


@pytest.mark.parametrize("other", [{"heading_weight": 3}, {"embedder": "none"}, {"components": 0}])
def test_settings_of_the_rows_write_all(project, written, other):
    build_index(IndexSettings(**other), project / "corpus", project / "index")
    assert len(written) == 120


def test_much_that_is_new_builds_all(project, written):
    corpus_of(project / "corpus", [document(n) for n in range(70)])
    build_index(SETTINGS, project / "corpus", project / "index")
    assert len(written) == 210


def test_an_index_of_another_version_is_built_anew(project, written, capsys):
    path = project / "index" / "manifest.json"
    old = json.loads(path.read_text())
    path.write_text(json.dumps(old | {"results": {"languages": {"ru": 120}, "metadata": {}}}))
    with pytest.raises(OporaError, match="was made by another version of opora; run `opora index`"):
        open_index(project / "index")
    build_index(SETTINGS, project / "corpus", project / "index")
    assert "was made by another version of opora; building it anew" in capsys.readouterr().err
    assert len(written) == 120
    assert open_index(project / "index").search("номер7", 1)[0].passage.document_id == "d7"


def test_all_documents_gone(project):
    corpus_of(project / "corpus", [])
    build_index(SETTINGS, project / "corpus", project / "index")
    assert held(project / "index") == []
    assert open_index(project / "index").search("насос", 3) == []


def test_processes_make_the_same_rows(project, monkeypatch):
    whole = build_index(SETTINGS, project / "corpus", project / "one")
    monkeypatch.setattr(runner, "SPREAD_FROM", 1)
    monkeypatch.setattr(runner, "BLOCK", 16)
    spread = build_index(SETTINGS, project / "corpus", project / "many")
    assert spread.fingerprint == whole.fingerprint
    assert spread.counts == whole.counts
    hits = [open_index(project / name).search("насос номер7 паром", 9) for name in ("one", "many")]
    assert hits[0] == hits[1]
    corpus_of(project / "corpus", [document(n) for n in range(44)])
    build_index(SETTINGS, project / "corpus", project / "many")
    assert held(project / "many") == sorted(each.id for n in range(44) for each in document(n))


def harm(path, how):
    if how == "truncated":
        os.truncate(path, path.stat().st_size // 2)
    else:
        path.write_bytes(bytes(path.stat().st_size) if how == "zeroed" else b"")


@pytest.mark.parametrize("how", ["truncated", "zeroed", "emptied"])
@pytest.mark.parametrize("updated", [False, True])
def test_harmed_files_are_found_and_mended(project, how, updated, capsys):
    if updated:
        corpus_of(project / "corpus", [document(n) for n in range(42)])
        build_index(SETTINGS, project / "corpus", project / "index")
    whole = held(project / "index")
    for part in range(7):
        files = [each for each in (project / "index").rglob("*") if each.is_file() and each.stat().st_size]
        files.sort(key=lambda each: each.stat().st_mtime_ns)
        path = files[part * (len(files) - 1) // 6]
        harm(path, how)
        assert whole_index(project / "index") is None
        assert "building it anew" in capsys.readouterr().err
        with pytest.raises(OporaError):
            open_index(project / "index").search("насос", 3)
        index = open_index(project / "index", SETTINGS)
        assert capsys.readouterr().err.count("building it anew") == 1
        assert sorted(each.id for each in index.passages()) == whole
        assert index.search("номер7", 1)[0].passage.document_id == "d7"


def test_who_reads_sees_the_old_index_or_the_new(project):
    """A reader asks all the time while the index is replaced: it never fails, and never sees both editions."""
    index = open_index(project / "index").load()
    editions, stop, faults = set(), threading.Event(), []

    def read():
        while not stop.is_set():
            try:
                for each in (index, open_index(project / "index")):
                    hits = each.search("документ номер5 часть", 3, filters={"source": "ru/doc-5.md"})
                    found = {hit.passage.id.split("-")[1] for hit in hits}
                    assert len(found) == 1, found
                    editions.update(found)
                    assert len(each.passages()) == 120
            except BaseException as error:
                faults.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    for edition in range(2, 6):
        corpus_of(project / "corpus", [document(n, edition=edition if n == 5 else 1) for n in range(40)])
        build_index(SETTINGS, project / "corpus", project / "index")
        time.sleep(0.3)
    stop.set()
    thread.join()
    assert not faults
    assert {"1", "5"} <= editions


CHILD = """
import sys
from pathlib import Path
from opora.retrieval.index.stage import build_index
from opora.retrieval.settings import IndexSettings
print("ready", flush=True)
build_index(IndexSettings(), Path(sys.argv[1]) / "corpus", Path(sys.argv[1]) / "index")
"""


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_killed_at_any_moment(project, seed):
    """25 kills, building and updating by turns: the index opens at once, holds each document whole or not at all, and
    the same command then goes on to the whole."""
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
        corpus_of(project / "corpus", [document(n, edition) for n, edition in state.items()])
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(project)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        child.stdout.readline()
        time.sleep(rng.uniform(0, takes))
        child.send_signal(signal.SIGKILL)
        child.wait()
        known = {tuple(sorted(each.id for n, e in some.items() for each in document(n, e))) for some in (before, state)}
        if (project / "index").exists() or (project / ".index.old").exists():
            opened = time.monotonic()
            index = open_index(project / "index")
            hits = index.search("насос", 5)
            assert time.monotonic() - opened < 5
            assert hits
            assert tuple(sorted(each.id for each in index.passages())) in known
        if attempt % 2:
            build_index(SETTINGS, project / "corpus", project / "index")
            assert held(project / "index") == sorted(each.id for n, e in state.items() for each in document(n, e))
        elif (project / "index").exists() and tuple(held(project / "index")) in known - {
            tuple(sorted(each.id for n, e in state.items() for each in document(n, e)))
        }:
            state = before
