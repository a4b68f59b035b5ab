"""Letters: a heading with the subject, the headers in a paragraph, the body; attachments are parts.

The body is the HTML if it has a table or there is no plain text, else the plain text. Quoted history is kept, without
its marks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from opora.corpus.blocks import Block, one_line
from opora.corpus.parsers.base import ParseContext, ParseError, Part, Reading
from opora.corpus.parsers.html import parser as html_parser
from opora.corpus.parsers.storage.names import clean_name
from opora.corpus.parsers.text import plain as text_parser
from opora.records import Scalar

MAX_ATTACHMENTS = 1000
_QUOTE_MARKS = re.compile(r"^[ \t]*(?:>[ \t]?)+", re.MULTILINE)
_TABLE = re.compile(r"<t[dh][\s>]", re.IGNORECASE)
MIN_PLAIN_SHARE = 0.3
"""A plain text shorter than this share of the text of the HTML only refers to it."""
_TAG = re.compile(r"<(?:style|script)\b.*?</(?:style|script)>|<[^>]*>", re.DOTALL | re.IGNORECASE)


@dataclass
class Attachment:
    """A file in a letter; `data` is None if it is stored elsewhere."""

    name: str
    data: bytes | None


@dataclass
class Letter:
    """A letter with its headers as people read them."""

    subject: str = ""
    sender: str = ""
    recipients: str = ""
    copies: str = ""
    date: str = ""
    """ISO date and time, or the header as it is if it is no date."""
    plain: str = ""
    html: str = ""
    attachments: list[Attachment] = field(default_factory=list)
    enclosed: list[Letter] = field(default_factory=list)
    """Letters inside this one that are no files of their own."""


def read_letter(letter: Letter, context: ParseContext) -> Reading:
    """Return a letter as a reading. Raises ParseError if it holds nothing."""
    blocks, source_text = _letter_blocks(letter, context)
    attachments = list(letter.attachments)
    for enclosed in letter.enclosed:
        inner_blocks, inner_text = _letter_blocks(enclosed, context)
        blocks += inner_blocks
        source_text += " " + inner_text
        attachments += enclosed.attachments
    if not letter.plain and not letter.html and not attachments and not letter.enclosed and not letter.subject:
        raise ParseError("no text")
    metadata: dict[str, Scalar] = {
        name: value
        for name, value in (("sender", letter.sender), ("recipients", letter.recipients), ("date", letter.date[:10]))
        if value
    }
    parts = read_attachments(attachments, context)
    return Reading(blocks, [letter.subject], source_text, metadata=metadata, parts=parts)


def read_attachments(attachments: Sequence[Attachment], context: ParseContext) -> list[Part]:
    """Return the attachments as documents; those behind the limit are one part that is dropped."""
    parts = []
    for number, attachment in enumerate(attachments[:MAX_ATTACHMENTS], 1):
        name = clean_name(attachment.name) or f"attachment-{number}"
        if attachment.data is None:
            parts.append(Part(name=name, id="", reason="unreadable", detail="the letter holds only a link to it"))
        else:
            parts.append(context.parse_part(attachment.data, name))
    return [*parts, rest_of(MAX_ATTACHMENTS)] if len(attachments) > MAX_ATTACHMENTS else parts


def rest_of(limit: int) -> Part:
    """Return a part that stands for the files that are left out."""
    return Part(name="further files", id="", reason="too large", detail=f"only the first {limit} files are read")


def _letter_blocks(letter: Letter, context: ParseContext) -> tuple[list[Block], str]:
    """Return the blocks of a letter, and all its text by a second reading."""
    headers = {"From": letter.sender, "To": letter.recipients, "Cc": letter.copies, "Date": letter.date}
    lines = [f"{name}: {one_line(value)}" for name, value in headers.items() if value]
    blocks = [Block("heading", one_line(letter.subject), level=1)] if letter.subject.strip() else []
    if lines:
        blocks.append(Block("paragraph", "\n".join(lines)))
    html_text = _TAG.sub(" ", letter.html)
    is_html = bool(letter.html) and (
        len(letter.plain.split()) < MIN_PLAIN_SHARE * len(html_text.split()) or _TABLE.search(letter.html) is not None
    )
    body = list(_html_blocks(letter.html, context)) if is_html else []
    if not body:
        is_html = False
        body = list(_plain_blocks(letter.plain, context))
    source = " ".join([letter.subject, *lines, html_text if is_html and not letter.plain else letter.plain])
    return [*blocks, *body], source


def _html_blocks(text: str, context: ParseContext) -> Iterator[Block]:
    try:
        reading = html_parser.parse(f"\ufeff{text}".encode("utf-8", "replace"), replace(context, name="letter.html"))
    except ParseError:  # without text, or nested too deeply: the plain text is read
        return
    yield from (_below_subject(block) for block in reading.blocks)


def _plain_blocks(text: str, context: ParseContext) -> Iterator[Block]:
    text = _QUOTE_MARKS.sub("", text)
    if text.strip():
        reading = text_parser.parse(text.encode("utf-8", "replace"), replace(context, name="letter.txt"))
        yield from (_below_subject(block) for block in reading.blocks)


def _below_subject(block: Block) -> Block:
    return block._replace(level=block.level + 1) if block.kind == "heading" else block
