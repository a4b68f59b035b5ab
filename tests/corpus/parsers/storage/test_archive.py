"""Faults of zip archives have true reasons."""

import io
import zipfile

import pytest

from opora.corpus.parsers.base import ParseError
from opora.corpus.parsers.storage.archive import Archive, check_unpacked_size


def zipped(content=b"text", flags=0, method=zipfile.ZIP_STORED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.txt", content, compress_type=zipfile.ZIP_STORED)
    data = bytearray(buffer.getvalue())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = data.index(signature) + offset
        data[start] |= flags
        data[start + 2] = method
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "name", "reason"),
    [
        (b"PK\x03\x04 cut", "a.txt", "corrupt"),
        (zipped(), "b.txt", "corrupt"),
        (zipped(flags=1), "a.txt", "encrypted"),
        (zipped(method=97), "a.txt", "unsupported format"),
        (zipped().replace(b"text", b"tent"), "a.txt", "corrupt"),
    ],
)
def test_faults(data, name, reason):
    with pytest.raises(ParseError) as caught:
        Archive(data).read(name)
    assert caught.value.reason == reason


def test_a_member_that_may_be_missing():
    archive = Archive(zipped())
    assert (archive.find("a.txt"), archive.find("b.txt")) == (b"text", None)


def test_the_size_is_checked_before_anything_is_unpacked():
    check_unpacked_size(zipped(b"x" * 100), 100)
    with pytest.raises(ParseError, match="unpacks too large"):
        check_unpacked_size(zipped(b"x" * 101), 100)
