"""Zip archive of a book."""

from __future__ import annotations

import io
import zipfile
import zlib

from opora.corpus.parsers.base import ParseError


class Archive:
    """A zip archive whose faults are ParseErrors."""

    def __init__(self, data: bytes) -> None:
        try:
            self._archive = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise ParseError("corrupt", str(error)) from None
        self.names = frozenset(self._archive.namelist())

    def read(self, name: str) -> bytes:
        """Return a member. Raises ParseError if it is missing, broken or encrypted."""
        try:
            return self._archive.read(name)
        except KeyError:
            raise ParseError("corrupt", f"{name} is missing") from None
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OSError) as error:
            raise ParseError("corrupt", f"{name}: {error}") from None
        except RuntimeError as error:
            raise ParseError("encrypted", str(error)) from None
