import subprocess
import sys

import pytest

from opora.errors import InputError
from opora.retrieval.index.rows import RowMaker
from opora.retrieval.index.stage import IndexStage
from opora.retrieval.search.searcher import open_index
from opora.retrieval.settings import IndexSettings
from opora.retrieval.store.bm25 import Idf
from opora.retrieval.store.schema import TableSchema

KILLED_WHILE_INDEXING = """
import os, sys
from pathlib import Path
from opora.retrieval.index.stage import IndexSettings, IndexStage
class KilledStage(IndexStage):
    def _publish(self, *_):
        os.kill(os.getpid(), 9)
KilledStage(IndexSettings(), Path(sys.argv[1]), Path(sys.argv[2])).run()
"""


def test_finished_index_is_returned(corpus, tmp_path):
    first = IndexStage(IndexSettings(), corpus, tmp_path / "index").run()
    assert IndexStage(IndexSettings(), corpus, tmp_path / "index").run() == first
    assert IndexStage(IndexSettings(), corpus, tmp_path / "index").build().finished == first
    assert IndexStage(IndexSettings(candidates=7), corpus, tmp_path / "index").build().finished is None


def test_same_corpus_same_fingerprint_and_hits(index, corpus, tmp_path):
    again = IndexStage(IndexSettings(), corpus, tmp_path / "index").run()
    assert again.fingerprint == index.manifest.fingerprint
    for question in ("Какой срок хранения?", "рублей", "roubles a year"):
        assert open_index(tmp_path / "index").search(question, 9) == index.search(question, 9)
    heavier = IndexStage(IndexSettings(heading_weight=3), corpus, tmp_path / "index").run()
    assert heavier.fingerprint != again.fingerprint


def test_killed_build_resumes_to_the_same_index(index, corpus, tmp_path):
    out = tmp_path / "index"
    killed = subprocess.run([sys.executable, "-c", KILLED_WHILE_INDEXING, str(corpus), str(out)], capture_output=True)
    assert killed.returncode == -9
    with pytest.raises(InputError, match="is unfinished"):
        open_index(out)
    assert IndexStage(IndexSettings(), corpus, out).run().fingerprint == index.manifest.fingerprint
    assert open_index(out).passages() == index.passages()


def test_manifest_describes_the_index(index):
    manifest = index.manifest
    assert manifest.counts["passages"] == 9
    assert manifest.results["languages"] == {"en": 4, "ru": 5}
    assert manifest.results["metadata"]["page"] == "number"
    assert [*manifest.models] == ["navec_news_v1_1B_250K_300d_100q"]


@pytest.mark.parametrize("unfinished", [False, True])
def test_index_without_corpus(tmp_path, unfinished):
    if unfinished:
        (tmp_path / ".corpus.partial").mkdir()
    with pytest.raises(InputError, match="is unfinished" if unfinished else "does not exist"):
        IndexStage(IndexSettings(), tmp_path / "corpus", tmp_path / "index").run()


def test_metadata_of_mixed_types_with_unusual_keys(make_index, passages):
    odd = [
        passage.model_copy(
            update={"metadata": {**passage.metadata, "a.b `'\"": value, "год": 2020 + n, "Доля": 0.5 * n}}
        )
        for n, (passage, value) in enumerate(zip(passages[:3], ["x", 1, True], strict=True))
    ]
    index = make_index(odd)

    def ids(filters):
        return {hit.passage.id for hit in index.search("штраф студенты паром", 9, filters=filters)}

    assert ids({"a.b `'\"": "x"}) == {"p0"}
    assert ids({"a.b `'\"": 1}) == {"p1"}
    assert ids({"год": {"min": 2021}}) == {"p1", "p2"}
    assert ids({"Доля": 0.5}) == {"p1"}


def row_of(passage, heading_weight):
    rows = RowMaker(None, TableSchema(0, {}), heading_weight, Idf({"щебен": 1}, 5)).make_rows([passage])
    return rows.to_pylist()[0]


def test_terms_of_a_passage(passages):
    passage = passages[0].model_copy(
        update={"table_header": "| Товар | Цена |", "text": "| Щебень | 5 |", "heading": ("Цены",)}
    )
    assert row_of(passage, 1)["terms"].split() == ["fee", "цен", "товар", "цен", "щебен", "5"]
    assert row_of(passage, 0)["terms"].split() == ["товар", "цен", "щебен", "5"]
    assert row_of(passage, 0)["heading_terms"].split() == ["fee", "цен"]
    titled = passage.model_copy(update={"heading": ("fees", "Цены")})
    assert row_of(titled, 2)["terms"].split()[:4] == ["fee", "цен", "fee", "цен"]


def test_keywords_have_the_highest_tf_idf(passages):
    passage = passages[0].model_copy(update={"text": "Насосы и насос: насосам нужен ремонт. Ремонта мало."})
    assert row_of(passage, 1)["keywords"][:2] == ["насосы", "ремонт"]


@pytest.mark.parametrize("wrong", [{"runner": "rey"}, {"store": "lanse"}, {"embedder": "siff"}, {"reranker": "nune"}])
def test_wrong_names_fail_before_any_work(index, corpus, wrong):
    [(name, value)] = wrong.items()
    stage = IndexStage(IndexSettings(**wrong), corpus, index.folder)
    with pytest.raises(InputError, match=rf"^{name} '{value}' is unknown; did you mean"):
        stage.run()
    assert open_index(index.folder).manifest == index.manifest
