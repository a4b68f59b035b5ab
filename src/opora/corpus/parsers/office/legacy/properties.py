"""Properties of OLE documents: title, author, date of creation.

Not `olefile.get_metadata`: a broken property that declares 2^32 values keeps it busy for minutes.
"""

from __future__ import annotations

import datetime
import struct
from typing import TYPE_CHECKING, NamedTuple

from opora.corpus.blocks import one_line

if TYPE_CHECKING:
    from olefile import OleFileIO

_STREAM = "\x05SummaryInformation"
_CODE_PAGE, _TITLE, _AUTHOR, _CREATED = 1, 2, 4, 12
_SHORT, _BYTES, _WIDE, _TIME = 2, 0x1E, 0x1F, 0x40
"""Types of values."""
_UTF8, _UTF16 = 65001, 1200
_EPOCH = datetime.datetime(1601, 1, 1)
_YEARS = range(1985, 2100)
_MAX_PROPERTIES = 100


class OleProperties(NamedTuple):
    """Properties of a document; `created` is an ISO date."""

    title: str = ""
    author: str = ""
    created: str = ""


def read_ole_properties(ole: OleFileIO) -> OleProperties:
    """Return the properties of a document; empty ones where they are broken."""
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
    try:
        time = _EPOCH + datetime.timedelta(microseconds=int.from_bytes(value, "little") // 10)
    except OverflowError:
        return ""
    return time.date().isoformat() if time.year in _YEARS else ""
