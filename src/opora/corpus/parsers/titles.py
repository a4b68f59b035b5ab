"""Choice of the title of a document."""

from __future__ import annotations

from collections.abc import Sequence

from opora.corpus.blocks import Block, one_line


def rank_titles(titles: Sequence[str], blocks: Sequence[Block], name: str) -> list[str]:
    """Return the possible titles of a document, best first: those it gives itself, then its first heading."""
    headings = [block.text for block in blocks if block.kind == "heading"][:1]
    return [title for title in map(one_line, [*titles, *headings]) if title]
