"""Members of archives are parts; what is dangerous or unreadable costs itself only."""

import gzip
import io
import tarfile
import zipfile

import pytest

from opora.corpus.parsers.base import ParseError
from opora.corpus.parsers.registry import parse_document

LIMIT = 2**22


def zipped(members, encoding=None):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name.encode(encoding).decode("cp437") if encoding else name)
            archive.writestr(info, content, zipfile.ZIP_DEFLATED)
    data = buffer.getvalue()
    if encoding:  # the bytes of the name as they are, without the mark of UTF-8
        for name in members:
            wrong, right = name.encode(encoding).decode("cp437").encode(), name.encode(encoding)
            data = data.replace(wrong, right + b"_" * (len(wrong) - len(right)))
        data = data.replace(b"\x14\x00\x00\x08", b"\x14\x00\x00\x00")
    return data


def tarred(members, mode="w"):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            if content is None:
                info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
            else:
                info.size = len(content)
            archive.addfile(info, io.BytesIO(content or b""))
    return buffer.getvalue()


def parts(data, name):
    return {part.name: part.reason or part.parsed.text for part in parse_document(data, name, LIMIT).parts}


MEMBERS = {"folder/a.txt": b"Text of a.", "b.md": b"# B\n\nText"}
PARTS = {"folder/a.txt": "Text of a.", "b.md": "# B\n\nText"}


@pytest.mark.parametrize(
    ("data", "name"),
    [(zipped(MEMBERS), "a.zip"), (tarred(MEMBERS), "a.tar"), (tarred(MEMBERS, "w:gz"), "a.tar.gz")],
)
def test_members_are_parts(data, name):
    assert parts(data, name) == PARTS


def test_a_single_file():
    assert parts(gzip.compress(b"# B\n\nText"), "folder/b.md.gz") == {"b.md": "# B\n\nText"}


def test_members_that_are_no_documents():
    members = {
        "__MACOSX/._a.txt": b"x",
        "a/.DS_Store": b"x",
        "Thumbs.db": b"x",
        "../../etc/a.txt": b"Text",
        "a.xyz": bytes(range(256)),
    }
    assert parts(zipped(members), "a.zip") == {"etc/a.txt": "Text", "a.xyz": "unsupported format"}
    assert parts(tarred({"/etc/a.txt": b"Text", "link": None}), "a.tar") == {"etc/a.txt": "Text"}


def test_encrypted_members_are_named():
    data = bytearray(zipped({"a.txt": b"Text"}))
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(magic) + offset] |= 1
    assert parts(bytes(data), "a.zip") == {"a.txt": "encrypted"}


def test_broken_members_cost_themselves():
    data = bytearray(zipped({"a.txt": b"Text of a. " * 50, "b.txt": b"Text"}))
    data[45] ^= 0xFF
    assert parts(bytes(data), "a.zip") == {"a.txt": "corrupt", "b.txt": "Text"}


@pytest.mark.parametrize("encoding", ["cp866", "utf-8"])
def test_names_without_a_mark_of_their_encoding(encoding):
    from opora.corpus.parsers.containers.archive import zip_name

    member = zipfile.ZipInfo("Договор № 5.txt".encode(encoding).decode("cp437"))
    assert zip_name(member) == "Договор № 5.txt"


def test_names_in_latin_letters_stay():
    from opora.corpus.parsers.containers.archive import zip_name

    assert zip_name(zipfile.ZipInfo("Käse.txt")) == "Käse.txt"


def nested(depth):
    data = b"Text"
    name = "a.txt"
    for level in range(depth):
        data, name = zipped({name: data}), f"{level}.zip"
    return data


def test_depth_is_bounded():
    part = parse_document(nested(6), "a.zip", LIMIT)
    while part.parts:
        [inner] = part.parts
        part = inner.parsed or inner
        if inner.parsed is None:
            break
    assert part.reason == "nested too deeply"


@pytest.mark.parametrize(
    ("data", "name", "reason"),
    [
        (gzip.compress(bytes(LIMIT + 1)), "a.gz", "unpacks too large"),
        (zipped({"a.txt": b" " * (LIMIT + 1)}), "a.zip", "unpacks too large"),
        (gzip.compress(b"Text")[:-9], "a.gz", "corrupt"),
        (zipped({"a.txt": b"Text"})[:-30], "a.zip", "corrupt"),
    ],
)
def test_bombs_and_damage(data, name, reason):
    with pytest.raises(ParseError) as caught:
        parse_document(data, name, LIMIT)
    assert caught.value.reason == reason


def test_many_members_are_bounded():
    from opora.corpus.parsers.containers.archive import MAX_MEMBERS

    parsed = parse_document(zipped({f"{n}.txt": b"x" for n in range(MAX_MEMBERS + 5)}), "a.zip", LIMIT)
    assert len(parsed.parts) == MAX_MEMBERS + 1
    assert (parsed.parts[-1].name, parsed.parts[-1].reason) == ("further files", "too large")
