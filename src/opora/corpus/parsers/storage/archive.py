"""Zip archives, also those that documents are: DOCX, ODT, EPUB."""

from __future__ import annotations

import io
import zipfile
import zlib

from opora.corpus.parsers.base import ParseError

ZIP = b"PK"
"""First bytes of a zip archive."""
ZIP_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, IndexError, NotImplementedError)
"""Errors of `zipfile` on a broken archive, or on an unknown compression."""
_ENCRYPTED = 0x1
"""Flag of a member with a password."""


class Archive:
    """A zip archive whose faults are ParseErrors."""

    def __init__(self, data: bytes) -> None:
        try:
            self._archive = zipfile.ZipFile(io.BytesIO(data))
        except ZIP_DAMAGE as error:
            raise ParseError("corrupt", f"no zip archive: {error}"[:200]) from None
        self.members = self._archive.infolist()
        self.names = frozenset(self._archive.namelist())

    def read(self, member: str | zipfile.ZipInfo) -> bytes:
        """Return the content of a member. Raises ParseError if it is missing, broken or encrypted."""
        try:
            info = self._archive.getinfo(member) if isinstance(member, str) else member
        except KeyError:
            raise ParseError("corrupt", f"{member} is missing") from None
        if info.flag_bits & _ENCRYPTED:
            raise ParseError("encrypted", f"{info.filename} has a password"[:200])
        try:
            return self._archive.read(info)
        except NotImplementedError as error:
            raise ParseError("unsupported format", f"{info.filename}: {error}"[:200]) from None
        except ZIP_DAMAGE as error:
            raise ParseError("corrupt", f"{info.filename}: {type(error).__name__}: {error}"[:200]) from None

    def find(self, name: str) -> bytes | None:
        """Return the content of a member; None if there is none."""
        return self.read(name) if name in self.names else None


def check_unpacked_size(data: bytes, limit: int) -> None:
    """Raise ParseError if a zip file is broken or declares more than `limit` unpacked bytes."""
    # `zipfile` never reads more of a member than its declared size
    unpacked = sum(member.file_size for member in Archive(data).members)
    if unpacked > limit:
        raise ParseError("unpacks too large", f"{len(data)} bytes unpack to {unpacked}")
