"""Footnotes, endnotes and comments by their references."""

from __future__ import annotations

from typing import NamedTuple

from opora.corpus.parsers.docx.markup import ID, TYPE, attribute, integer, name
from opora.corpus.parsers.docx.package import Package
from opora.corpus.parsers.elements.numbers import format_number
from opora.corpus.parsers.elements.scripts import write_script
from opora.corpus.parsers.storage.xml import Element

_USUAL_FORMATS = {"footnote": "decimal", "endnote": "lowerRoman"}
_SEPARATORS = ("separator", "continuationSeparator", "continuationNotice")
_ASTERISK = "*"
_AUTHOR = name("w:author")


class NoteText(NamedTuple):
    """A note, its mark, and the part that it stands in."""

    part: str
    element: Element
    mark: str


class _NoteFormat(NamedTuple):
    number_format: str
    start: int
    restart: str


class Notes:
    """Notes of a document; ask for them in the order of their references, which counts them."""

    def __init__(self, package: Package, document: Element) -> None:
        self._notes: dict[tuple[str, str], tuple[str, Element]] = {}
        for kind in ("footnote", "endnote", "comment"):
            for part in package.related(package.main, f"{kind}s"):
                root = package.xml(part)
                for note in () if root is None else root.iter(name(f"w:{kind}")):
                    if note.get(TYPE) not in _SEPARATORS:
                        self._notes.setdefault((kind, note.get(ID, "")), (part, note))
        settings = next(
            (root for part in package.related(package.main, "settings") if (root := package.xml(part)) is not None),
            None,
        )
        self._formats = {kind: _read_format(kind, document, settings) for kind in _USUAL_FORMATS}
        self._next = {kind: form.start for kind, form in self._formats.items()}

    def end_section(self) -> None:
        """Start counting again where notes are counted by section."""
        for kind, form in self._formats.items():
            if form.restart == "eachSect":
                self._next[kind] = form.start

    def take(self, kind: str, key: str, typed_mark: str) -> NoteText | None:
        """Return the note of a reference; None if it is missing, or was taken before."""
        form, label = self._formats[kind], typed_mark
        if not label:
            # only Word knows where pages end
            label = _ASTERISK if form.restart == "eachPage" else format_number(self._next[kind], form.number_format)
            self._next[kind] += 1
        note = self._notes.pop((kind, key), None)
        return None if note is None else NoteText(*note, note_mark(label))

    def take_comment(self, key: str) -> NoteText | None:
        """Return the comment of a reference, marked by its author; None if it is missing, or was taken before."""
        note = self._notes.pop(("comment", key), None)
        if note is None:
            return None
        author = note[1].get(_AUTHOR, "").strip()
        return NoteText(*note, f"{author}:" if author else "")

    def elements(self, with_comments: bool) -> list[Element]:
        """Return all notes, before any is taken."""
        return [note for (kind, _), (_, note) in self._notes.items() if with_comments or kind != "comment"]


def note_mark(label: str) -> str:
    """Return the mark of a note: `¹`, since `5 working days` would be another statement; `i)` for other labels."""
    raised = write_script(label, "sup")
    return raised if raised != label else f"{label})"


def _read_format(kind: str, document: Element, settings: Element | None) -> _NoteFormat:
    """Return how notes of a kind are counted, by the first section or else by the settings."""
    properties = name(f"w:{kind}Pr")
    sources = [next(document.iter(properties), None), None if settings is None else settings.find(properties)]

    def value(child: str) -> str | None:
        return next(filter(None, (attribute(source, name(child)) for source in sources)), None)

    return _NoteFormat(
        value("w:numFmt") or _USUAL_FORMATS[kind], integer(value("w:numStart"), 1), value("w:numRestart") or ""
    )
