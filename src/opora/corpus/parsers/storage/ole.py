"""OLE2 files (compound files), which Office 97-2003 and Outlook write, and the properties of their documents."""

from __future__ import annotations

import datetime
import io
import re
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from opora.corpus.blocks import one_line
from opora.corpus.parsers.base import ParseError

if TYPE_CHECKING:
    from olefile import OleFileIO

OLE2 = bytes.fromhex("d0cf11e0a1b11ae1")
"""First bytes of an OLE2 file."""
_DAMAGE = (OSError, ValueError, LookupError, ArithmeticError, TypeError, AttributeError, struct.error)
"""Errors that `olefile`, and whoever unpacks its streams, raise on a broken file."""
_NATIVE = "\x01Ole10Native"
_NATIVE_HEAD = re.compile(rb".{6}([^\0]*)\0[^\0]*\0.{4}(.{4})", re.DOTALL)
_STREAM = "\x05SummaryInformation"
_CODE_PAGE, _TITLE, _AUTHOR, _CREATED = 1, 2, 4, 12
_SHORT, _BYTES, _WIDE, _TIME = 2, 0x1E, 0x1F, 0x40
"""Types of values."""
_UTF8, _UTF16 = 65001, 1200
_EPOCH = datetime.datetime(1601, 1, 1)
_YEARS = range(1985, 2100)
_MAX_PROPERTIES = 100


@contextmanager
def open_ole(data: bytes) -> Iterator[OleFileIO]:
    """Open an OLE2 file. Whatever its damage raises, here or while it is read, is a ParseError."""
    from olefile import OleFileIO

    try:
        with OleFileIO(io.BytesIO(data)) as ole:
            yield ole
    except _DAMAGE as error:
        raise ParseError("corrupt", f"{type(error).__name__}: {error}"[:200]) from None


def read_time(ticks: int) -> datetime.datetime | None:
    """Return the time of a number of 100 nanoseconds since 1601; None for none, and for one after the year 9999."""
    try:
        return _EPOCH + datetime.timedelta(microseconds=ticks // 10) if ticks else None
    except OverflowError:
        return None


def unpack_ole(data: bytes, file_name: str) -> tuple[str, bytes]:
    """Return the name and the bytes of the file that an OLE2 file wraps, or of the OLE2 file itself."""
    try:
        with open_ole(data) as archive:
            for stream in ("CONTENTS", "Package"):  # PDF; DOCX, XLSX or PPTX
                if archive.exists(stream):
                    return file_name, bytes(archive.openstream(stream).read())
            if not archive.exists(_NATIVE):
                return file_name, data
            native = bytes(archive.openstream(_NATIVE).read())
    except ParseError:
        return file_name, data
    # size, type, label, path, 8 bytes, length and text of the temporary path, length and bytes of the file
    match = _NATIVE_HEAD.match(native)
    if match is None:
        return file_name, data
    path_length = int.from_bytes(match[2], "little")
    start = match.end() + path_length
    length = int.from_bytes(native[start : start + 4], "little")
    label = match[1].decode("cp1251", "replace")
    return re.split(r"[\\/]", label)[-1] or file_name, native[start + 4 : start + 4 + length]


class OleProperties(NamedTuple):
    """Properties of a document; `created` is an ISO date."""

    title: str = ""
    author: str = ""
    created: str = ""


def read_ole_properties(ole: OleFileIO) -> OleProperties:
    """Return the properties of a document; empty ones where they are broken.

    Not `olefile.get_metadata`: a broken property that declares 2^32 values keeps it busy for minutes.
    """
    if not ole.exists(_STREAM):
        return OleProperties()
    data = bytes(ole.openstream(_STREAM).read())
    try:
        (section,) = struct.unpack_from("<I", data, 44)
        (count,) = struct.unpack_from("<I", data, section + 4)
        places = dict(
            struct.unpack_from("<II", data, section + 8 + 8 * number) for number in range(min(count, _MAX_PROPERTIES))
        )
        values = {key: _read_value(data, section + place) for key, place in places.items()}
    except struct.error:
        return OleProperties()
    page = int.from_bytes(values.get(_CODE_PAGE, b"") or b"\xe4\x04", "little")  # Windows-1252
    title, author = (_decode(values.get(key, b""), page) for key in (_TITLE, _AUTHOR))
    return OleProperties(title, author, _date(values.get(_CREATED, b"")))


def _read_value(data: bytes, place: int) -> bytes:
    kind, length = struct.unpack_from("<II", data, place)
    if kind in (_BYTES, _WIDE):
        return data[place + 8 : place + 8 + length * (1 + (kind == _WIDE))]
    size = {_SHORT: 2, _TIME: 8}.get(kind, 0)
    return data[place + 4 : place + 4 + size]


def _decode(value: bytes, page: int) -> str:
    encoding = {_UTF8: "utf-8", _UTF16: "utf-16-le"}.get(page, f"cp{page}")
    try:
        return one_line(value.decode(encoding, "replace").split("\0")[0])
    except LookupError:
        return ""


def _date(value: bytes) -> str:
    time = read_time(int.from_bytes(value, "little"))
    return time.date().isoformat() if time and time.year in _YEARS else ""
