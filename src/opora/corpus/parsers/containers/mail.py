"""Parser of e-mail (EML) and mailboxes (mbox): each message of a mailbox is a part."""

from __future__ import annotations

import email
import email.policy
import mimetypes
import re
from email.errors import HeaderParseError, MessageError
from email.header import decode_header
from email.message import Message
from email.utils import parsedate_to_datetime

from opora.corpus.blocks import one_line
from opora.corpus.parsers.base import ParseContext, ParseError, Reading
from opora.corpus.parsers.containers.letter import Attachment, Letter, read_attachments, read_letter
from opora.corpus.parsers.text.encoding import decode

MAX_DEPTH = 50
"""Maximum depth of parts in parts."""
MAX_HEADER = 20_000
"""Maximum length of a header, in characters; the rest is cut."""
_SEPARATOR = re.compile(rb"^From .*\r?\n(?=[A-Za-z][A-Za-z-]*:)", re.MULTILINE)
_SIGNATURES = frozenset(
    ("application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature", "application/ms-tnef")
)
_REPORTS = frozenset(("message/delivery-status", "text/rfc822-headers", "message/disposition-notification"))


def parse(data: bytes, context: ParseContext) -> Reading:
    """Parse a letter, or a mailbox. Raises ParseError if it holds nothing."""
    starts = [match.start() for match in _SEPARATOR.finditer(data)] if data.startswith(b"From ") else []
    if len(starts) > 1:
        return _read_mailbox(
            [data[start:end] for start, end in zip(starts, [*starts[1:], len(data)], strict=True)], context
        )
    return read_letter(_read_letter(_parse_message(data)), context)


def _read_mailbox(messages: list[bytes], context: ParseContext) -> Reading:
    digits = len(str(len(messages)))
    attachments = [Attachment(f"{number:0{digits}}.eml", message) for number, message in enumerate(messages, 1)]
    return Reading([], parts=read_attachments(attachments, context))


def _parse_message(data: bytes) -> Message:
    body = _SEPARATOR.sub(b"", data, count=1) if data.startswith(b"From ") else data
    try:
        return email.message_from_bytes(body, policy=email.policy.compat32)
    except (ValueError, LookupError, MessageError) as error:
        raise ParseError("corrupt", f"{type(error).__name__}: {error}"[:200]) from None


def _read_letter(message: Message) -> Letter:
    letter = Letter(
        subject=_header(message, "subject"),
        sender=_header(message, "from"),
        recipients=_header(message, "to"),
        copies=_header(message, "cc"),
        date=_date(_header(message, "date")),
    )
    _read_part(message, letter, 0, is_related=False)
    return letter


def _read_part(part: Message, letter: Letter, depth: int, is_related: bool) -> None:
    """Add the body and the attachments that a part holds to the letter."""
    if depth > MAX_DEPTH:
        raise ParseError("nested too deeply", f"parts more than {MAX_DEPTH} levels deep")
    kind = part.get_content_type()
    payload = part.get_payload() if part.is_multipart() else None
    if kind in _SIGNATURES or kind in _REPORTS:
        return
    if kind == "message/rfc822" and isinstance(payload, list) and isinstance(payload[0], Message):
        letter.attachments.append(_enclosed(payload[0]))
    elif isinstance(payload, list):
        for child in payload:
            if isinstance(child, Message):
                _read_part(child, letter, depth + 1, is_related or kind == "multipart/related")
    elif kind in ("text/plain", "text/html") and not _is_attachment(part):
        text = decode_text(_bytes_of(part), part.get_content_charset())
        if kind == "text/html":
            letter.html += text
        else:
            letter.plain += "\n\n" + text if letter.plain else text
    elif (data := _bytes_of(part)) and not _is_inline_picture(part, kind, is_related):
        letter.attachments.append(Attachment(_file_name(part, kind), data))


def _is_inline_picture(part: Message, kind: str, is_related: bool) -> bool:
    is_inside = is_related or part.get("content-id") is not None
    return kind.startswith("image/") and is_inside and not _is_attachment(part)


def decode_text(data: bytes, charset: str | None) -> str:
    """Return the text of a body; its charset may lie. Empty for binary data."""
    try:
        return decode(data, charset) if data.strip() else ""
    except ParseError:
        return ""


def _enclosed(message: Message) -> Attachment:
    """Return a letter inside a letter as a file."""
    name = one_line(_header(message, "subject")).replace("/", " ")[:100]
    try:
        data = message.as_bytes()
    except (ValueError, LookupError, AttributeError, TypeError, KeyError):
        data = None
    return Attachment(f"{name or 'letter'}.eml", data)


def _is_attachment(part: Message) -> bool:
    return str(part.get("content-disposition", "")).strip().lower().startswith("attachment")


def _bytes_of(part: Message) -> bytes:
    try:
        data = part.get_payload(decode=True)
    except (ValueError, LookupError, AttributeError):
        return b""
    return data if isinstance(data, bytes) else b""


def _file_name(part: Message, kind: str) -> str:
    try:
        name = part.get_filename() or ""
    except (ValueError, LookupError, TypeError, AttributeError):
        name = ""
    suffix = mimetypes.guess_extension(kind) or ""
    return decode_words(name).replace("/", "_") or f"attachment{suffix}"


def _header(message: Message, name: str) -> str:
    """Return the first header of this name, decoded."""
    for key, value in message.raw_items():
        if key.lower() == name:
            return one_line(decode_words(str(value)))
    return ""


def decode_words(text: str) -> str:
    """Return a header with its encoded words decoded; bytes outside ASCII are in some encoding."""
    if any("\udc80" <= char <= "\udcff" for char in text):
        text = decode_text(text.encode("utf-8", "surrogateescape"), None)
    try:
        pieces = decode_header(text[:MAX_HEADER])
    except (HeaderParseError, ValueError):
        return text
    return "".join(
        piece if isinstance(piece, str) else decode_text(piece, charset) if piece.strip() else piece.decode("latin-1")
        for piece, charset in pieces
    )


def _date(text: str) -> str:
    try:
        return parsedate_to_datetime(text).isoformat(" ", "minutes")[:16]
    except (ValueError, TypeError, IndexError, OverflowError):
        return text
