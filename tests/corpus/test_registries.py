"""New formats, sources and chunkers are one module and one row."""

import sys
from types import ModuleType

import pytest

from opora.corpus.blocks import Block
from opora.corpus.chunking import registry as chunkers
from opora.corpus.chunking.base import Chunk
from opora.corpus.parsers import registry as formats
from opora.corpus.parsers.base import Reading
from opora.corpus.reader import read_documents, read_passages
from opora.corpus.settings import ChunkSettings, IngestSettings
from opora.corpus.sources import registry as sources
from opora.corpus.sources.base import Listing, Source
from opora.corpus.sources.patterns import NamePatterns
from opora.corpus.sources.removed import Exclusion
from opora.corpus.stage import IngestStage
from opora.errors import InputError
from opora.records import Document
from opora.validation import RenamedSettingWarning


def test_a_new_format(monkeypatch):
    def parse(data, context):
        return Reading([Block("paragraph", data.removeprefix(b"{note}").decode())])

    row = formats.Format("note", "note", matches=lambda data, name: data.startswith(b"{note}"))
    module = ModuleType(f"{formats.__package__}.note")
    module.parse = parse
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(formats, "FORMATS", (row, *formats.FORMATS))
    parsed = formats.parse_document(b"{note}Fee 12.", "a.txt", 100)
    assert (parsed.format, parsed.text) == ("note", "Fee 12.")


def test_a_new_source_and_a_new_chunker(monkeypatch, tmp_path):
    page = tmp_path / "page.md"
    page.write_text("Dogs go free. Cats pay half.")

    def find(location, root):
        return Listing([Source(location, page)])

    def chunk(document, settings):
        half = document.text.index("Cats")
        yield Chunk(0, half - 1)
        yield Chunk(half, len(document.text))

    monkeypatch.setitem(sources.SOURCES, "https", find)
    monkeypatch.setitem(chunkers.CHUNKERS, "halves", chunk)
    settings = IngestSettings(folders=("https://example.org/a",), chunk=ChunkSettings(method="halves"))
    IngestStage(settings, tmp_path, tmp_path / "corpus").run()
    assert [document.source for document in read_documents(tmp_path / "corpus")] == ["https://example.org/a"]
    assert [passage.text for passage in read_passages(tmp_path / "corpus")] == ["Dogs go free.", "Cats pay half."]


def test_unknown_names_are_errors(tmp_path):
    document = Document(id="0f", source="a.md", title="A", text="Text.", language="en")
    with pytest.raises(InputError, match=r"chunk.method is 'structual', .* did you mean structural\?"):
        list(chunkers.chunk_document(document, ChunkSettings(method="structual")))
    with pytest.raises(InputError, match="scheme 'ftp' is unknown; known: file"):
        sources.find_sources(["ftp://example.org"], Exclusion(NamePatterns([])), tmp_path)


def test_the_old_name_of_size_unit_is_accepted():
    with pytest.warns(RenamedSettingWarning, match="size_unit"):
        assert ChunkSettings(unit="tokens") == ChunkSettings(size_unit="tokens")
