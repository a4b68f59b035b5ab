"""Parser of archives (ZIP, TAR, GZ): every file in it is a part, or dropped with a reason."""

from __future__ import annotations

import io
import re
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePath

from opora.corpus.parsers.base import ParseContext, ParseError, Part, Reading
from opora.corpus.parsers.containers.letter import rest_of
from opora.corpus.parsers.containers.mail import decode_text
from opora.corpus.parsers.storage.archive import Archive
from opora.corpus.parsers.storage.names import clean_name

MAX_MEMBERS = 5000
"""Maximum number of files that are read from an archive."""
_JUNK_FOLDERS = frozenset(("__MACOSX", ".git", ".svn"))
_JUNK_FILES = frozenset((".ds_store", "thumbs.db", "desktop.ini"))
_DOCUMENT_SUFFIXES = frozenset(".docx .docm .xlsx .xlsm .pptx .pptm .odt .ods .odp .epub".split())
"""Names of documents that are archives themselves; without their structure their members mean nothing."""
_UTF8_FLAG = 0x800
_UNICODE_PATH = 0x7075
"""Extra field of Info-ZIP with the name in UTF-8."""
_CYRILLIC = re.compile(r"[А-яЁё]")
_MIXED_WORD = re.compile(r"[A-Za-z][А-яЁё]|[А-яЁё][A-Za-z]|[^\W\dA-Za-zА-яЁё№]|[\u2500-\u259f]")
_TAR_MAGIC, _TAR_MAGIC_OFFSET = b"ustar", 257


def parse(data: bytes, context: ParseContext) -> Reading:
    """Parse an archive. Raises ParseError if it is broken or unpacks too large."""
    if data.startswith(b"\x1f\x8b"):
        return _read_gzip(data, context)
    if data.startswith(b"PK"):
        suffix = PurePath(context.name).suffix.lower()
        if suffix in _DOCUMENT_SUFFIXES:
            raise ParseError("corrupt", f"named {suffix}, but it is an archive of other files")
        return Reading([], parts=list(_zip_members(data, context)))
    return Reading([], parts=list(_tar_members(data, context)))


def _read_gzip(data: bytes, context: ParseContext) -> Reading:
    unpacked = _unzip(data, context.max_unpacked_bytes)
    if unpacked[_TAR_MAGIC_OFFSET:].startswith(_TAR_MAGIC):
        return Reading([], parts=list(_tar_members(unpacked, context)))
    name = PurePath(context.name).name
    return Reading([], parts=[context.parse_part(unpacked, re.sub(r"\.gz$", "", name, flags=re.IGNORECASE))])


def _unzip(data: bytes, limit: int) -> bytes:
    """Return the content of a gzip file, which may consist of several. Raises ParseError if it exceeds the limit."""
    pieces, size = [], 0
    while data.startswith(b"\x1f\x8b"):
        unpacker = zlib.decompressobj(wbits=31)
        try:
            pieces.append(unpacker.decompress(data, limit + 1 - size))
        except zlib.error as error:
            raise ParseError("corrupt", f"gzip: {error}") from None
        size += len(pieces[-1])
        if size > limit:
            raise ParseError("unpacks too large", f"{len(data)} bytes unpack to more than {limit}")
        if not unpacker.eof:
            raise ParseError("corrupt", "gzip: the file ends too early")
        data = unpacker.unused_data
    return b"".join(pieces)


def _zip_members(data: bytes, context: ParseContext) -> Iterator[Part]:
    archive, count = Archive(data), 0
    for member in archive.members:
        name = clean_name(zip_name(member))
        if not name or member.is_dir() or _is_junk(name):
            continue
        count += 1
        if count > MAX_MEMBERS:
            yield rest_of(MAX_MEMBERS)
            return
        try:
            content = archive.read(member)
        except ParseError as error:
            yield Part(name=name, id="", reason=error.reason, detail=error.detail)
        else:
            yield context.parse_part(content, name)


def zip_name(member: zipfile.ZipInfo) -> str:
    """Return the name of a member; without a mark of UTF-8 it is in UTF-8, in code page 866 or in 437."""
    if member.flag_bits & _UTF8_FLAG or member.filename.isascii():
        return _unicode_path(member.extra) or member.filename
    try:
        raw = member.filename.encode("cp437")
    except UnicodeEncodeError:
        return member.filename
    for encoding in ("utf-8", "cp866", "cp1251"):
        try:
            name = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding == "utf-8" or (_CYRILLIC.search(name) and not _MIXED_WORD.search(name)):
            return name
    return member.filename


def _unicode_path(extra: bytes) -> str:
    while len(extra) >= 9:
        kind, size = int.from_bytes(extra[:2], "little"), int.from_bytes(extra[2:4], "little")
        if kind == _UNICODE_PATH and size > 5:
            return extra[9 : 4 + size].decode("utf-8", "replace")
        extra = extra[4 + size :]
    return ""


def _tar_members(data: bytes, context: ParseContext) -> Iterator[Part]:
    left, count = context.max_unpacked_bytes, 0
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:", encoding="utf-8", errors="surrogateescape") as archive:
            for member in archive:
                name = clean_name(_tar_name(member.name))
                if not member.isfile() or _is_junk(name):
                    continue
                count += 1
                if count > MAX_MEMBERS:
                    yield rest_of(MAX_MEMBERS)
                    return
                left -= member.size
                file = archive.extractfile(member) if left >= 0 else None
                if file is None:
                    yield Part(name=name, id="", reason="unpacks too large", detail=f"{member.size} bytes")
                else:
                    yield context.parse_part(file.read(), name)
    except (tarfile.TarError, EOFError, OSError, ValueError, IndexError) as error:
        if count == 0:
            raise ParseError("corrupt", f"tar: {error}"[:200]) from None
        yield Part(name="the rest of the archive", id="", reason="corrupt", detail=f"tar: {error}"[:200])


def _tar_name(name: str) -> str:
    raw = name.encode("utf-8", "surrogateescape")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return decode_text(raw, None) or raw.decode("latin-1")


def _is_junk(name: str) -> bool:
    path = PurePath(name)
    is_double = path.name.startswith("._")  # resources of macOS
    return is_double or path.name.lower() in _JUNK_FILES or not _JUNK_FOLDERS.isdisjoint(path.parts)
