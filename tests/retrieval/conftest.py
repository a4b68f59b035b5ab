"""A small corpus in two languages, and its index."""

import pytest

from opora.retrieval.index.stage import IndexStage
from opora.retrieval.search.searcher import open_index
from opora.retrieval.settings import IndexSettings
from tests.factories import make_index_passages, write_passages


@pytest.fixture(scope="session")
def passages():
    return make_index_passages()


@pytest.fixture(scope="session")
def corpus(tmp_path_factory, passages):
    return write_passages(tmp_path_factory.mktemp("index") / "corpus", passages)


@pytest.fixture(scope="session")
def index(corpus):
    IndexStage(IndexSettings(), corpus, corpus.parent / "index").run()
    return open_index(corpus.parent / "index")


@pytest.fixture
def make_index(tmp_path):
    """Make an index of passages in a folder of the test's own."""

    def make(passages, **settings):
        corpus = write_passages(tmp_path / "corpus", passages)
        IndexStage(IndexSettings(**settings), corpus, tmp_path / "index").run()
        return open_index(tmp_path / "index")

    return make
