"""Parser of RTF: paragraphs, headings, lists with their numbers, tables, notes and the results of fields.

striprtf loses structure, notes and numbers; it serves as the second reading.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from typing import Any

from opora.corpus.blocks import Block
from opora.corpus.parsers.base import ParseContext, ParseError, Reading
from opora.corpus.parsers.office.builder import PLAIN, BlockBuilder, Paragraph
from opora.corpus.parsers.office.rtf_tokens import (
    CHARACTERS,
    Encodings,
    Token,
    decode_run,
    tokenize,
    unicode_char,
)
from opora.records import Scalar

MAX_DEPTH = 2000
"""Maximum depth of groups."""
_SKIPPED = frozenset(
    "colortbl pict objdata filetbl revtbl rsidtbl generator listtable listoverridetable sp nonshppict header headerl"
    " headerr headerf footer footerl footerr footerf ftnsep ftnsepc ftncn aftnsep aftnsepc aftncn xe tc fldinst"
    " bkmkstart bkmkend upr themedata datastore latentstyles nonesttables private template pntxta pntxtb".split()
)
"""Destinations whose text is not shown."""
_STARRED = {"shpinst", "shptxt", "nesttableprops", "ud", "footnote", "listtext", "fldrslt", "annotation"}
"""Destinations that are read although a star says that unknown ones are to be skipped."""
_BREAKS = frozenset("par page sect column softpage".split())
_PICTURE = re.compile(rb"[0-9a-fA-F\r\n]{400,}")
"""Bytes of a picture in hexadecimal digits."""
_HEADING = re.compile(r"heading (\d)", re.IGNORECASE)


@dataclass
class _Group:
    """State of a group; an inner group begins with a copy."""

    destination: str = "text"
    """`text`, `mark` (number of a list item), `fonts`, `styles`, `info`, a field of it, or `skip`."""
    is_hidden: bool = False
    fallback: int = 1
    """Number of characters behind \\u that are for readers without Unicode."""
    font: int = 0
    encoding: str = ""
    note: str = ""
    """Kind of the note that begins with this group."""
    paragraph: Paragraph = PLAIN


def parse(data: bytes, context: ParseContext) -> Reading:
    """Parse RTF. Raises ParseError if groups are nested too deeply or no text is left."""
    reader = _RtfReader(data, context.settings.comments)
    for token in tokenize(data.decode("latin-1")):
        reader.feed(token)
    metadata: dict[str, Scalar] = {
        name: text for name in ("author", "created") if (text := reader.info.get(name, "").strip())
    }
    titles = [reader.info.get("title", ""), reader.info.get("subject", "")]
    blocks = reader.finish()
    return Reading(blocks, titles, _read_again(data, reader.encodings.default), metadata=metadata)


def _read_again(data: bytes, encoding: str) -> str | None:
    """Return the text by striprtf; None where it fails."""
    from striprtf import striprtf

    try:
        text: str = striprtf.rtf_to_text(_PICTURE.sub(b"", data).decode("latin-1"), encoding=encoding, errors="replace")  # type: ignore[no-untyped-call]
    except (LookupError, ValueError, TypeError, AttributeError, OverflowError):
        return None
    return text.replace("|", " ")


class _RtfReader:
    """Reads tokens into blocks."""

    def __init__(self, data: bytes, with_comments: bool) -> None:
        self.encodings = Encodings(data)
        self.info: dict[str, str] = {}
        self.builder = BlockBuilder()
        self.group = _Group(encoding=self.encodings.default)
        self._groups: list[_Group] = []
        self._with_comments = with_comments
        self._is_starred = False
        self._fallback_left = 0
        self._bytes = ""
        self._styles: dict[int, int] = {}
        self._style, self._style_level, self._style_name = 0, 0, ""

    def feed(self, token: Token) -> None:
        """Read a token."""
        kind, value, number = token
        if kind != "byte":
            self._write_bytes()
        if kind == "brace":
            self._fallback_left = 0
            self._open() if value == "{" else self._close()
        elif self._fallback_left and (kind == "byte" or (kind == "word" and value != "u" and value in CHARACTERS)):
            self._fallback_left -= 1
        elif kind == "byte":
            self._bytes += value
        elif kind == "text":
            skipped = min(self._fallback_left, len(value))
            self._fallback_left -= skipped
            self._write(decode_run(value[skipped:], self.encodings.raw))
        else:
            self._control(value, number)

    def finish(self) -> list[Block]:
        """Return the blocks."""
        self._write_bytes()
        return self.builder.finish()

    def _open(self) -> None:
        if len(self._groups) >= MAX_DEPTH:
            raise ParseError("nested too deeply", f"groups more than {MAX_DEPTH} levels deep")
        self._groups.append(self.group)
        self.group = copy(self.group)
        self.group.note = ""

    def _close(self) -> None:
        if not self._groups:
            return
        closed, self.group = self.group, self._groups.pop()
        self._is_starred = False
        if closed.note:
            self.builder.end_note(closed.note)
        if closed.destination == "styles" and self._style_name:
            match = _HEADING.search(self._style_name)
            self._styles[self._style] = int(match[1]) if match else self._style_level
            self._style, self._style_level, self._style_name = 0, 0, ""

    def _write_bytes(self) -> None:
        if self._bytes:
            pending, self._bytes = self._bytes, ""
            self._write(decode_run(pending, self.group.encoding))

    def _write(self, text: str) -> None:
        group = self.group
        if group.destination in ("text", "mark"):
            if not group.is_hidden:
                self.builder.write(text, is_mark=group.destination == "mark")
        elif group.destination == "styles":
            self._style_name += text
        elif group.destination in ("title", "subject", "author"):
            self.info[group.destination] = self.info.get(group.destination, "") + text

    def _control(self, word: str, number: int | None) -> None:
        if word == "*":
            self._is_starred = True
            return
        is_starred, self._is_starred = self._is_starred, False
        if word in _SKIPPED or (is_starred and word not in _STARRED):
            self.group.destination = "skip"
        elif word == "ud":
            self.group.destination = self._groups[-2].destination if len(self._groups) > 1 else "text"
        elif self.group.destination == "skip":
            return
        elif word in CHARACTERS:
            self._write(CHARACTERS[word])
        elif word == "u" and number is not None:
            self._write(unicode_char(number))
            self._fallback_left = self.group.fallback
        elif word in _CONTROLS:
            _CONTROLS[word](self, number)
        elif word in _BREAKS:
            self.if_text(lambda: self.builder.end_paragraph(self.group.paragraph))

    def if_text(self, action: Callable[[], None]) -> None:
        if self.group.destination == "text":
            action()

    def set_destination(self, name: str) -> None:
        self.group.destination = name

    def set_paragraph(self, **changes: Any) -> None:
        if self.group.destination == "styles":
            self._style_level = int(changes.get("level", self._style_level))
        else:
            self.group.paragraph = self.group.paragraph._replace(**changes)

    def set_style(self, number: int | None) -> None:
        if self.group.destination == "styles":
            self._style = number or 0
        else:
            self.set_paragraph(level=self._styles.get(number or 0, 0))

    def set_font(self, number: int | None) -> None:
        self.group.font = number or 0
        if self.group.destination != "fonts":
            self.group.encoding = self.encodings.of_font(number or 0)

    def set_plain(self, number: int | None) -> None:
        self.group.is_hidden, self.group.encoding = False, self.encodings.default

    def begin_note(self, kind: str) -> None:
        if kind == "comment" and not self._with_comments:
            self.group.destination = "skip"
        elif self.group.destination == "text":
            self.group.note = kind
            self.group.paragraph = PLAIN
            self.builder.begin_note(kind)

    def set_date(self, unit: str, number: int | None) -> None:
        if self.group.destination == "created":
            self.info["created"] = self.info.get("created", "") + f"{'' if unit == 'yr' else '-'}{number or 0:02}"


def _hide(reader: _RtfReader, number: int | None) -> None:
    reader.group.is_hidden = number != 0


_CONTROLS: dict[str, Callable[[_RtfReader, int | None], None]] = {
    "fonttbl": lambda reader, _: reader.set_destination("fonts"),
    "stylesheet": lambda reader, _: reader.set_destination("styles"),
    "info": lambda reader, _: reader.set_destination("info"),
    "title": lambda reader, _: reader.set_destination("title"),
    "subject": lambda reader, _: reader.set_destination("subject"),
    "author": lambda reader, _: reader.set_destination("author"),
    "creatim": lambda reader, _: reader.set_destination("created"),
    "yr": lambda reader, number: reader.set_date("yr", number),
    "mo": lambda reader, number: reader.set_date("mo", number),
    "dy": lambda reader, number: reader.set_date("dy", number),
    "listtext": lambda reader, _: reader.set_destination("mark"),
    "pntext": lambda reader, _: reader.set_destination("mark"),
    "footnote": lambda reader, _: reader.begin_note("note"),
    "annotation": lambda reader, _: reader.begin_note("comment"),
    "f": _RtfReader.set_font,
    "fcharset": lambda reader, number: reader.encodings.set_charset(reader.group.font, number or 0),
    "cpg": lambda reader, number: reader.encodings.set_code_page(reader.group.font, number or 0),
    "uc": lambda reader, number: setattr(reader.group, "fallback", max(0, min(number or 0, 100))),
    "plain": _RtfReader.set_plain,
    "v": _hide,
    "deleted": _hide,
    "pard": lambda reader, _: reader.set_paragraph(**PLAIN._asdict()),
    "intbl": lambda reader, _: reader.set_paragraph(in_table=True),
    "outlinelevel": lambda reader, number: reader.set_paragraph(level=(number or 0) + 1 if (number or 0) < 9 else 0),
    "ilvl": lambda reader, number: reader.set_paragraph(depth=max(0, min(number or 0, 8))),
    "s": _RtfReader.set_style,
    "trowd": lambda reader, _: reader.if_text(reader.builder.begin_row),
    "clvmrg": lambda reader, _: reader.builder.merge_cell("down"),
    "clmrg": lambda reader, _: reader.builder.merge_cell("right"),
    "cellx": lambda reader, number: reader.builder.add_edge(number or 0),
    "cell": lambda reader, _: reader.if_text(lambda: reader.builder.end_cell(reader.group.paragraph)),
    "nestcell": lambda reader, _: reader.if_text(lambda: reader.builder.end_paragraph(Paragraph(in_table=True))),
    "row": lambda reader, _: reader.if_text(reader.builder.end_row),
}
