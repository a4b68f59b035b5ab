"""Documents from results: parts of files, duplicates, titles, access rules."""

import hashlib

from opora.corpus.parsers.base import Parsed, Part, Suspicion
from opora.corpus.results import collect, make_documents
from opora.corpus.settings import IngestSettings
from opora.corpus.sources.patterns import NamePatterns
from opora.corpus.sources.removed import Exclusion


def document(text="", title="", parts=(), **fields):
    return Parsed(format="text", text=text, title=title, parts=parts, **fields)


def part(name, text="", parsed=None, **fields):
    key = hashlib.sha256(text.encode()).hexdigest()[:16]
    if "reason" in fields:
        return Part(name=name, id=key, **fields)
    return Part(name=name, id=key, parsed=parsed or document(text))


def read(files, access=None, exclude=()):
    """Return (documents, dropped) of files, a dict of name -> Parsed."""
    results = {name: {"parsed": parsed.model_dump(mode="json")} for name, parsed in files.items()}
    drafts, dropped = collect(((name, name) for name in files), results.get, Exclusion(NamePatterns(exclude)))
    settings = IngestSettings(access=access or {})
    made = make_documents(drafts, results.get, settings, NamePatterns(settings.access))
    return [document for document, _ in made], dropped


def test_parts_are_documents_of_their_own():
    letter = document("Please see the contract.", parts=[part("contract.pdf", "Clause 1.")])
    archive = document(
        parts=[part("letter.eml", parsed=letter), part("photo.raw", "Raw.", reason="unsupported format")]
    )
    documents, dropped = read({"b.zip": archive, "a.txt": document("Text.")})
    assert [(doc.source, doc.text, doc.metadata.get("container")) for doc in documents] == [
        ("a.txt", "Text.", None),
        ("b.zip/letter.eml", "Please see the contract.", "b.zip"),
        ("b.zip/letter.eml/contract.pdf", "Clause 1.", "b.zip/letter.eml"),
    ]
    assert documents[2].id == hashlib.sha256(b"Clause 1.").hexdigest()[:16]
    assert [(drop.source, drop.reason) for drop in dropped] == [("b.zip/photo.raw", "unsupported format")]


def test_the_same_bytes_elsewhere_are_a_duplicate():
    same = hashlib.sha256(b"Same.").hexdigest()[:16]
    results = {
        "a": {
            "parsed": document(parts=[part("x.txt", "Same."), part("y.txt", "Y."), part("z.txt", "Y.")]).model_dump()
        },
        same: {"parsed": document("Same.").model_dump()},
    }
    drafts, dropped = collect(
        [("a.zip", "a"), ("b.txt", same), ("c.txt", same)], results.get, Exclusion(NamePatterns([]))
    )
    assert [draft.source for draft in drafts] == ["a.zip/y.txt", "b.txt"]
    assert [(drop.source, drop.detail) for drop in dropped] == [
        ("a.zip/x.txt", "the same bytes as b.txt"),
        ("a.zip/z.txt", "the same bytes as a.zip/y.txt"),
        ("c.txt", "the same bytes as b.txt"),
    ]


def test_access_rules_apply_to_names_of_parts_and_containers():
    archive = document(parts=[part("pay/salaries.txt", "9."), part("menu.txt", "Soup.")])
    access = {"board/*.zip": ["board"], "**/pay/*": ["pay"]}
    documents, _ = read({"board/a.zip": archive, "open.txt": document("Open.")}, access)
    assert {doc.source: doc.access for doc in documents} == {
        "board/a.zip/menu.txt": ("board",),
        "board/a.zip/pay/salaries.txt": ("board", "pay"),
        "open.txt": (),
    }


def test_excluded_parts_are_left_out():
    archive = document(parts=[part("__MACOSX/._a.txt", "Junk."), part("a.txt", "A.")])
    documents, dropped = read({"a.zip": archive}, exclude=["**/.*"])
    assert ([doc.source for doc in documents], dropped) == (["a.zip/a.txt"], [])


def test_a_shared_title_gives_way():
    files = {
        "1.txt": document("1", "Contract", other_titles=("Contract", "Lease of a crane")),
        "2.txt": document("2", "Contract", other_titles=("Lease of a ship",)),
        "3.txt": document("3", "contract"),
        "4.txt": document("4", "Notes", other_titles=("Contract",)),
        "sub/five.txt": document("5"),
    }
    documents, _ = read(files)
    assert [doc.title for doc in documents] == ["Lease of a crane", "Lease of a ship", "contract", "Notes", "five"]


def test_suspicions_become_metadata():
    suspicions = [Suspicion(reason="read by OCR", page=page, value=0.9) for page in (1, 2, 4)]
    documents, _ = read({"a.pdf": document("Text.", suspicions=suspicions)})
    assert documents[0].metadata["suspect"] == "read by OCR (pages 1-2, 4, 90%)"


def test_equal_names_of_parts_are_numbered():
    documents, _ = read({"a.eml": document("Hi.", parts=[part("scan.pdf", "1"), part("scan.pdf", "2")])})
    assert [doc.source for doc in documents] == ["a.eml", "a.eml/scan (2).pdf", "a.eml/scan.pdf"]
