"""Globs over the names of documents, as `exclude` and `access` have them.

Names are compared in Unicode's form NFC, because a Mac writes й as two characters, and without case where the file
system ignores it.

    NamePatterns(["board/**", "**/.*"]).matching("board/minutes.pdf")        # ['board/**']
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from fnmatch import translate
from pathlib import Path, PurePosixPath

from opora.errors import InputError

ANYWHERE = "**/"
"""Beginning of a glob that matches files and folders at any depth, the uppermost included."""
_WILDCARD = re.compile(r"[*?\[]")


class NamePatterns:
    """Compiled globs; `*` also matches `/`. `used` holds those that have matched a name."""

    def __init__(self, globs: Iterable[str], ignores_case: bool = False) -> None:
        self._ignores_case = ignores_case
        self._patterns = [(glob, re.compile(_regex(self._normalise(glob)))) for glob in globs]
        self.used: set[str] = set()

    def matching(self, name: str) -> list[str]:
        """Return the globs that match a name."""
        rooted = "/" + self._normalise(name)
        globs = [glob for glob, pattern in self._patterns if pattern.match(rooted)]
        self.used.update(globs)
        return globs

    def match(self, name: str) -> bool:
        """Return True if a glob matches the name."""
        return bool(self.matching(name))

    def check_used(self, setting: str, names: Sequence[str], is_final: bool) -> None:
        """Raise InputError if a glob has matched nothing: a misspelt label would open a folder to everyone.

        A glob of `exclude` that begins with a wildcard names a kind of document, which may be absent. Unless it is
        final, a glob passes that may match a document inside one of the files.
        """
        for glob, _ in self._patterns:
            is_kind = setting == "ingest.exclude" and glob.startswith("*")
            if glob not in self.used and not is_kind and (is_final or not _may_match_inside(glob, names)):
                raise InputError(f"{setting} has the glob {glob!r}, which matches no document{_hint(glob, names)}")

    def _normalise(self, name: str) -> str:
        name = unicodedata.normalize("NFC", name)
        return name.casefold() if self._ignores_case else name


def ignores_case(folder: Path) -> bool:
    """Return True if the file system of a folder finds files by names in the wrong case."""
    for path in (folder, *folder.parents):
        swapped = path.with_name(path.name.swapcase()) if path.name else path
        if swapped != path:
            return swapped.exists() and swapped.samefile(path)
    return False


def _may_match_inside(glob: str, names: Sequence[str]) -> bool:
    """Return True if a glob may match a document inside one of the files, `archive.zip/inner.docx`."""
    head = unicodedata.normalize("NFC", _WILDCARD.split(glob)[0]).casefold()
    folders = (unicodedata.normalize("NFC", name).casefold() + "/" for name in names)
    return any(folder.startswith(head) or head.startswith(folder) for folder in folders)


def _regex(glob: str) -> str:
    if not glob.startswith(ANYWHERE):
        return translate("/" + glob)
    anywhere = glob.removeprefix(ANYWHERE)
    return f"{translate(f'*/{anywhere}')}|{translate(f'*/{anywhere}/*')}"


def _hint(glob: str, names: Sequence[str]) -> str:
    """Return the nearest folder or file name as a glob."""
    head = unicodedata.normalize("NFC", _WILDCARD.split(glob)[0]).strip("/")
    folders = {str(folder) for name in names for folder in PurePosixPath(name).parents} - {"."}
    if head in folders:
        return f"; did you mean {head + '/**'!r}?"
    known = {folder.casefold(): folder + "/**" for folder in folders} | {name.casefold(): name for name in names}
    close = difflib.get_close_matches(head.casefold(), known, n=1, cutoff=0.6)
    if close:
        return f"; did you mean {known[close[0]]!r}?"
    return f"; folders: {', '.join(sorted(folders)[:10])}" if folders else ""
