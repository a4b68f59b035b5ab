"""OLE2 files: damage is one kind of error; files inside are unpacked; times are dates."""

import struct

import pytest

from opora.corpus.parsers.base import ParseError
from opora.corpus.parsers.storage.ole import open_ole, read_time, unpack_ole
from tests.corpus.parsers.ole import write_ole


def test_a_stream():
    with open_ole(write_ole({"Text": b"hello"})) as ole:
        assert ole.openstream("Text").read() == b"hello"


@pytest.mark.parametrize("error", [OSError, IndexError, struct.error, TypeError, ZeroDivisionError, UnicodeError])
def test_damage_is_a_parse_error(error):
    with pytest.raises(ParseError, match="corrupt"), open_ole(write_ole({"Text": b""})):
        raise error
    with pytest.raises(ParseError, match="corrupt"), open_ole(b"no OLE2 file"):
        pass


@pytest.mark.parametrize("error", [MemoryError, RecursionError])
def test_lack_of_memory_is_no_damage(error):
    with pytest.raises(error), open_ole(write_ole({"Text": b""})):
        raise error


def test_embedded_files_are_unpacked():
    native = bytes(6) + "счёт.txt".encode("cp1251") + b"\0C:\\a.txt\0" + bytes(4) + struct.pack("<I", 3) + b"abc"
    packed = write_ole({"\x01Ole10Native": native + struct.pack("<I", 5) + b"hello and junk"})
    assert unpack_ole(packed, "oleObject1.bin") == ("счёт.txt", b"hello")
    assert unpack_ole(write_ole({"Package": b"PK"}), "a.bin") == ("a.bin", b"PK")
    assert unpack_ole(b"broken", "a.bin") == ("a.bin", b"broken")


@pytest.mark.parametrize(("ticks", "year"), [(0, None), (130_000_000_000_000_000, 2012), (2**63, None)])
def test_times(ticks, year):
    time = read_time(ticks)
    assert (time.year if time else None) == year
