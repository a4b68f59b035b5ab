"""Fields of Word: which text is an instruction, which its result, and which result is no text of the document."""

from __future__ import annotations

from dataclasses import dataclass

from opora.corpus.parsers.docx.markup import REMOVED, VAL, attribute, is_on, name
from opora.corpus.parsers.storage.xml import Element

CHAR, TYPE, INSTRUCTION = map(name, ("w:fldChar", "w:fldCharType", "w:instr"))
_FALLBACK = name("mc:Fallback")
_DATA, _CHECKBOX, _DROPDOWN = map(name, ("w:ffData", "w:checkBox", "w:ddList"))
_CHECKED, _DEFAULT, _RESULT, _ENTRY = map(name, ("w:checked", "w:default", "w:result", "w:listEntry"))
_LISTINGS = frozenset(("TOC", "TOA", "INDEX", "RD", "TC", "XE", "TA"))
"""Fields whose result repeats headings and page numbers, or is not shown."""


@dataclass
class _Field:
    instruction: str = ""
    shows_result: bool = False
    data: Element | None = None


class Fields:
    """Fields that are open at a place of a text; they may span paragraphs."""

    def __init__(self, root: Element) -> None:
        self._marks = _matched_marks(root)
        self._open: list[_Field] = []

    @property
    def hide(self) -> bool:
        """True inside an instruction, and inside the result of a table of contents or an index."""
        return any(not field.shows_result or is_listing(field.instruction) for field in self._open)

    def mark(self, element: Element) -> str:
        """Take a `w:fldChar`; return the text that a form field without a result shows at its end."""
        kind = element.get(TYPE)
        if element not in self._marks:
            return ""
        if kind == "begin":
            self._open.append(_Field(data=element.find(_DATA)))
        elif not self._open:  # the field begins in a text that is not shown
            return ""
        elif kind == "separate":
            self._open[-1].shows_result = True
        elif kind == "end":
            field = self._open.pop()
            return "" if self.hide else _form_text(field)
        return ""

    def add_instruction(self, text: str) -> None:
        """Take the text of a `w:instrText`."""
        if self._open and not self._open[-1].shows_result and len(self._open[-1].instruction) < 100:
            self._open[-1].instruction += text


def is_listing(instruction: str) -> bool:
    """Return True for the instruction of a table of contents, an index, or an entry of one."""
    return instruction.split()[:1] != [] and instruction.split()[0].upper() in _LISTINGS


def _matched_marks(root: Element) -> set[Element]:
    """Return the `w:fldChar` elements of fields that are closed: an open one would hide the rest of the document."""
    marks: set[Element] = set()
    pending: list[list[Element]] = []
    for mark in root.iter(CHAR):
        if any(ancestor.tag in REMOVED or ancestor.tag == _FALLBACK for ancestor in mark.iterancestors()):
            continue
        kind = mark.get(TYPE)
        if kind == "begin":
            pending.append([mark])
        elif kind == "separate" and pending:
            pending[-1].append(mark)
        elif kind == "end" and pending:
            marks.update(pending.pop(), [mark])
    return marks


def _form_text(field: _Field) -> str:
    """Return the state of a check box, or the choice of a list."""
    if field.data is None:
        return ""
    if (box := field.data.find(_CHECKBOX)) is not None:
        return "☒" if is_on(box, _CHECKED if box.find(_CHECKED) is not None else _DEFAULT) else "☐"
    choices = field.data.find(_DROPDOWN)
    if choices is None or field.shows_result:
        return ""
    entries = [entry.get(VAL, "") for entry in choices.findall(_ENTRY)]
    index = attribute(choices, _RESULT) or attribute(choices, _DEFAULT) or "0"
    return entries[int(index)] if index.isdecimal() and int(index) < len(entries) else ""
