"""Documents that the user has taken out of the corpus, by name, in the file `removed.txt` of the project.

The documents themselves stay where they are. A line that is deleted from the file brings its document back.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from pathlib import Path

from opora.artifacts.atomic import sync
from opora.corpus.sources.patterns import NamePatterns
from opora.errors import InputError

REMOVED = "removed.txt"
HEADER = "# Documents that `opora ingest` leaves out, one name a line. `opora remove --undo NAME` brings one back.\n"


class Exclusion:
    """Names that are left out: those that a glob matches, and those that were removed, with all that is inside."""

    def __init__(self, patterns: NamePatterns, removed: Iterable[str] = ()) -> None:
        self.patterns = patterns
        self._removed = frozenset(removed)

    def match(self, name: str) -> bool:
        """Return True if a document of this name is left out."""
        if self._removed:
            steps = name.split("/")
            if any("/".join(steps[:depth]) in self._removed for depth in range(1, len(steps) + 1)):
                return True
        return self.patterns.match(name)


def read_removed(root: Path) -> list[str]:
    """Return the names of removed documents. Raises InputError for a file that is not UTF-8."""
    path = root / REMOVED
    if not path.exists():
        return []
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{path}: not UTF-8; save the file as UTF-8") from None
    names = (unicodedata.normalize("NFC", line.strip()) for line in text.splitlines())
    return [name for name in names if name and not name.startswith("#")]


def write_removed(root: Path, names: Iterable[str]) -> None:
    """Write the names of removed documents; without names there is no file."""
    path, names = root / REMOVED, sorted(set(names))
    if not names:
        path.unlink(missing_ok=True)
        return
    new = path.with_name(f".{REMOVED}.new")
    new.write_text(HEADER + "".join(f"{name}\n" for name in names), encoding="utf-8")
    sync(new)
    new.replace(path)
