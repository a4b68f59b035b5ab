"""Parser of Markdown and plain text in any encoding."""

from __future__ import annotations

import re

from opora.corpus.blocks import Block, clean_text
from opora.corpus.parsers.base import ParseContext, Reading
from opora.corpus.parsers.text.encoding import decode

_FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
_HEADING = re.compile(r"(#{1,6})[ \t]+(.+?)[ \t]*#*$")


def parse(data: bytes, context: ParseContext) -> Reading:
    """Parse text, without its YAML front matter. Raises ParseError if no encoding fits."""
    text = clean_text(_FRONT_MATTER.sub("", decode(data).lstrip("\ufeff"))).strip()
    return Reading([_block(piece) for piece in re.split(r"\n\s*\n", text)])


def _block(text: str) -> Block:
    match = _HEADING.fullmatch(text)
    return Block("heading", match[2], level=len(match[1])) if match else Block("paragraph", text)
