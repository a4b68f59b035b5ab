"""The zip file of a DOCX: its parts and their relationships, read even where they are broken.

Not python-docx: it opens neither Strict Open XML nor files with a missing part or a broken relationship.
"""

from __future__ import annotations

import posixpath
import re
from typing import NamedTuple

from opora.corpus.parsers.base import ParseError, Suspicion
from opora.corpus.parsers.storage.archive import Archive
from opora.corpus.parsers.storage.xml import Element, parse_xml

_STRICT = re.compile(rb"http://purl\.oclc\.org/ooxml/(\w+)/(\w+)")
_DECLARATION = re.compile(r"^\ufeff?\s*<\?xml[^>]*\?>")
_MAIN = re.compile(r"word/document\d*\.xml")


class Relationship(NamedTuple):
    """Link from a part to another one. `kind` is the last word of its type, such as `footnotes`."""

    kind: str
    target: str


class Package:
    """Parts of a DOCX by name, such as `word/document.xml`. Raises ParseError if there is no main document."""

    def __init__(self, data: bytes) -> None:
        self._archive = Archive(data)
        self._members = {_member_name(member.filename): member for member in self._archive.members}
        self._relationships: dict[str, dict[str, Relationship]] = {}
        self.damaged: dict[str, str] = {}
        """Errors by name of a part that is lost, or read up to an error."""
        self.main = self._find_main()

    def read(self, part: str) -> bytes | None:
        """Return the bytes of a part, or None if it is missing or broken."""
        member = self._members.get(part.lower())
        if member is None:
            return None
        try:
            return self._archive.read(member)
        except ParseError as error:
            if error.reason == "encrypted":
                raise
            self.damaged[part] = error.detail
            return None

    def xml(self, part: str) -> Element | None:
        """Return the root of a part with the names of Transitional Open XML, or None if it cannot be read."""
        data = self.read(part)
        if data is None:
            return None
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            data = _DECLARATION.sub("", data.decode("utf-16", "replace")).encode()
        data = _STRICT.sub(rb"http://schemas.openxmlformats.org/\1/2006/\2", data.lstrip())
        for recover in (False, True):
            try:
                return parse_xml(data, recover)
            except ParseError as error:
                self.damaged[part] = error.detail
        return None

    def related(self, part: str, kind: str) -> list[str]:
        """Return the names of the parts that a part is linked to by relationships of a kind."""
        return [link.target for link in self.relationships(part).values() if link.kind == kind]

    def relationships(self, part: str) -> dict[str, Relationship]:
        """Return the relationships of a part by id, without links out of the package."""
        if part not in self._relationships:
            folder, file = posixpath.split(part)
            root = self.xml(posixpath.join(folder, "_rels", f"{file}.rels"))
            self._relationships[part] = {
                link.get("Id", ""): Relationship(
                    link.get("Type", "").rsplit("/", 1)[-1],
                    _member_name(posixpath.join(folder, link.get("Target", ""))),
                )
                for link in ([] if root is None else root)
                if isinstance(link.tag, str) and link.get("TargetMode") != "External"
            }
        return self._relationships[part]

    def suspicions(self) -> list[Suspicion]:
        """Return a suspicion for each part that is lost or read up to an error."""
        return [Suspicion(reason="text lost", detail=f"{part}: {error}"[:200]) for part, error in self.damaged.items()]

    def _find_main(self) -> str:
        """Return the name of the main document, by relationship or else by its usual name."""
        parts = [part for part in self.related("", "officeDocument") if part in self._members]
        parts += sorted(filter(_MAIN.fullmatch, self._members))
        if not parts:
            raise ParseError("corrupt", "no main document in the DOCX")
        return parts[0]


def _member_name(path: str) -> str:
    """Return the normal form of the name of a part; Word ignores case and the first slash."""
    return posixpath.normpath(path.replace("\\", "/")).lower().lstrip("/")
