"""Parser of Outlook messages (MSG): an OLE container with a stream for each property.

Not python-oxmsg: it reads no letters inside letters, and fails on texts whose encoding is not that declared.
Source: [MS-OXMSG] and [MS-OXPROPS].
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from opora.corpus.parsers.base import ParseContext, ParseError, Reading
from opora.corpus.parsers.containers.letter import Attachment, Letter, read_letter
from opora.corpus.parsers.containers.mail import decode_text
from opora.corpus.parsers.storage.ole import open_ole, read_time

if TYPE_CHECKING:
    from olefile import OleFileIO

MAX_DEPTH = 10
_SUBJECT, _SENDER, _SENDER_ADDRESS, _SENDER_SMTP, _TO, _CC = 0x0037, 0x0C1A, 0x0C1F, 0x5D01, 0x0E04, 0x0E03
_BODY, _HTML = 0x1000, 0x1013
_DATA, _LONG_NAME, _SHORT_NAME, _DISPLAY_NAME, _CONTENT_ID = 0x3701, 0x3707, 0x3704, 0x3001, 0x3712
_DATES = (0x00390040, 0x0E060040)
"""Tags of the times at which the message was sent and delivered."""
_STRING, _STRING8, _BINARY, _OBJECT = "001F", "001E", "0102", "000D"
_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".bmp")
Path = tuple[str, ...]


def parse(data: bytes, context: ParseContext) -> Reading:
    """Parse an Outlook message. Raises ParseError if it is broken."""
    with open_ole(data) as ole:
        letter = _read_message(ole, (), 0)
    return read_letter(letter, context)


def _read_message(ole: OleFileIO, path: Path, depth: int) -> Letter:
    if depth > MAX_DEPTH:
        raise ParseError("nested too deeply", f"messages more than {MAX_DEPTH} levels deep")
    sender, address = _text(ole, path, _SENDER), _text(ole, path, _SENDER_SMTP) or _text(ole, path, _SENDER_ADDRESS)
    if "@" in address and address not in sender:
        sender = f"{sender} <{address}>" if sender else address
    letter = Letter(
        subject=_text(ole, path, _SUBJECT),
        sender=sender,
        recipients=_text(ole, path, _TO),
        copies=_text(ole, path, _CC),
        date=_date(ole, path, 32 if not path else 24),
        plain=_text(ole, path, _BODY),
        html=_text(ole, path, _HTML) or decode_text(_stream(ole, path, _HTML, _BINARY), None),
    )
    for name in sorted({entry[len(path)] for entry in ole.listdir() if entry[: len(path)] == [*path]}):
        if name.startswith("__attach_version1.0_"):
            _read_attachment(ole, (*path, name), letter, depth)
    return letter


def _read_attachment(ole: OleFileIO, path: Path, letter: Letter, depth: int) -> None:
    inner = (*path, f"__substg1.0_{_DATA:04X}{_OBJECT}")
    names = (_text(ole, path, prop) for prop in (_LONG_NAME, _SHORT_NAME, _DISPLAY_NAME))
    name = next(filter(None, names), "")
    if ole.exists([*inner, "__properties_version1.0"]):
        enclosed = _read_message(ole, inner, depth + 1)
        letter.enclosed += [enclosed, *enclosed.enclosed]
        return
    data = _stream(ole, path, _DATA, _BINARY)
    is_picture_of_body = name.lower().endswith(_PICTURES) and _text(ole, path, _CONTENT_ID) != ""
    if not is_picture_of_body:
        letter.attachments.append(Attachment(name.replace("/", "_"), data or None))


def _text(ole: OleFileIO, path: Path, prop: int) -> str:
    if data := _stream(ole, path, prop, _STRING):
        return data.decode("utf-16-le", "replace").rstrip("\0")
    return decode_text(_stream(ole, path, prop, _STRING8).rstrip(b"\0"), None)


def _stream(ole: OleFileIO, path: Path, prop: int, kind: str) -> bytes:
    name = [*path, f"__substg1.0_{prop:04X}{kind}"]
    return bytes(ole.openstream(name).read()) if ole.exists(name) and ole.get_type(name) == 2 else b""


def _date(ole: OleFileIO, path: Path, header: int) -> str:
    """Return the time at which the message was sent; `header` is the length of the header of the properties."""
    name = [*path, "__properties_version1.0"]
    data = bytes(ole.openstream(name).read()) if ole.exists(name) else b""
    values = {}
    for offset in range(header, len(data) - 15, 16):
        tag, _, value = struct.unpack_from("<IIQ", data, offset)
        values[tag] = value
    ticks = next((values[tag] for tag in _DATES if values.get(tag)), 0)
    time = read_time(ticks)
    return time.isoformat(" ", "minutes") if time else ""
