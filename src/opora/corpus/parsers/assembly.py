"""Assembly of a parser's reading into a document: headings by form, Markdown, title, figures on quality."""

from __future__ import annotations

from opora.corpus.blocks import Block, write_markdown
from opora.corpus.parsers.base import Parsed, ParseError, Reading
from opora.corpus.parsers.quality import find_suspicions, measure_quality
from opora.corpus.parsers.text.spacing import unspace_letters
from opora.corpus.parsers.titles import rank_titles
from opora.corpus.sections.headings import mark_headings


def assemble(reading: Reading, format_name: str, name: str) -> Parsed:
    """Return the document that a parser read from the file `name`. Raises ParseError if it holds no text."""
    blocks = mark_headings(list(map(_join_letters, reading.blocks)))
    text, pages, lines = write_markdown(blocks, reading.page_count)
    if not text and not reading.parts:
        raise ParseError("no text")
    titles = rank_titles(reading.titles, blocks, name)
    quality = measure_quality(text, reading.source_text)
    return Parsed(
        format=format_name,
        title=titles[0] if titles else "",
        other_titles=tuple(titles[1:]),
        text=text,
        pages=pages,
        lines=lines,
        metadata=reading.metadata,
        suspicions=(*reading.suspicions, *find_suspicions(quality, format_name)),
        quality=quality,
        parts=tuple(reading.parts),
    )


def _join_letters(block: Block) -> Block:
    """Return a block with words whose letters are set apart as whole words; places of lines would no longer fit."""
    if block.lines or block.kind in ("code", "table"):
        return block
    return block._replace(text=unspace_letters(block.text))
