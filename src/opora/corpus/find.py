"""Documents by a part of their name."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath

from opora.errors import InputError

MAX_NAMES = 5
"""Names that an error message lists."""
MAX_SIMILAR, MIN_SIMILARITY = 3, 70
"""Names that an error message proposes, and their similarity to the wanted one (rapidfuzz, 0 to 100)."""


class UnknownNameError(InputError):
    """No document has such a name, whole or in part."""


def find_names(name: str, sources: Iterable[str]) -> list[str]:
    """Return the document of this name, or those inside the file or folder of this name, or the only one whose name
    contains it. Raises UnknownNameError with the nearest names if there is none, InputError if there are several."""
    names = sorted(sources)
    wanted = _fold(name).rstrip("/")
    folded = {source: _fold(source) for source in names}
    for test in (
        lambda source: source == unicodedata.normalize("NFC", name),
        lambda source: folded[source] == wanted,
        lambda source: folded[source].startswith(wanted + "/"),
    ):
        if matching := [source for source in names if test(source)]:
            return matching
    called = [source for source in names if wanted in (PurePosixPath(folded[source]).name, _stem(folded[source]))]
    if len(called) == 1:
        return called
    containing = [source for source in names if wanted and wanted in folded[source]]
    if len(containing) == 1:
        return containing
    if containing:
        raise InputError(
            f"{name!r} is in the names of {len(containing)} documents: {_list(containing)}; give more of it"
        )
    nearest = _similar(wanted, folded)
    hint = f"did you mean {' or '.join(nearest)}?" if nearest else "`opora list` shows the names"
    raise UnknownNameError(f"no document is named {name!r}; {hint}")


def find_name(name: str, sources: Iterable[str]) -> str:
    """Return the one document that `find_names` finds. Raises InputError if there are several."""
    names = find_names(name, sources)
    if len(names) > 1:
        raise InputError(f"{name!r} names {len(names)} documents: {_list(names)}; choose one")
    return names[0]


def find_folder(name: str, sources: Iterable[str]) -> list[str]:
    """Return the documents below a folder, or below all folders of that name. Raises InputError if there are none."""
    names = sorted(sources)
    wanted = "/" + _fold(name).strip("/") + "/"
    inside = [source for source in names if ("/" + _fold(source)).startswith(wanted)]
    inside = inside or [source for source in names if wanted in "/" + _fold(source)]
    if inside:
        return inside
    folders = sorted({source.rpartition("/")[0] for source in names} - {""})
    close = difflib.get_close_matches(name, folders, n=1, cutoff=0.4)
    hint = f"did you mean {close[0]}?" if close else f"folders: {_list(folders) or 'none'}"
    raise InputError(f"no document is in the folder {name!r}; {hint}")


def _similar(wanted: str, folded: Mapping[str, str]) -> list[str]:
    """Return the documents in whose file names the most similar part is nearest to `wanted`."""
    from rapidfuzz import fuzz, process

    files = {source: PurePosixPath(text).name for source, text in folded.items()}
    wanted = PurePosixPath(wanted).name
    matches = process.extract(wanted, files, scorer=fuzz.partial_ratio, score_cutoff=MIN_SIMILARITY, limit=MAX_SIMILAR)
    return [source for _, score, source in matches if score == matches[0][1]]


def _stem(name: str) -> str:
    return PurePosixPath(name).stem


def _fold(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _list(names: Sequence[str]) -> str:
    more = f" and {len(names) - MAX_NAMES} more" if len(names) > MAX_NAMES else ""
    return ", ".join(names[:MAX_NAMES]) + more
