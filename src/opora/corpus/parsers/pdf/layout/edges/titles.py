"""Titles that pages repeat: those of certificates and forms that are bound together."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

from opora.corpus.parsers.pdf.layout.edges.rows import EDGE_SHARE, PageLines, middle
from opora.corpus.parsers.pdf.layout.lines import Line

TITLE_SIZE = 1.3
"""Size of a title that pages repeat, in sizes of most lines, at least."""

_SENTENCE_END = re.compile(r"[.!?:;…][\"»”’)\]]*$")


def find_repeated_titles(pages: Sequence[PageLines], body: float) -> set[int]:
    """Return the ids of large lines at the top of pages, unless a sentence goes on across one of the same text."""
    groups: defaultdict[str, list[Line]] = defaultdict(list)
    crossed: set[str] = set()
    last: Line | None = None
    for page in pages:
        lines = [line for line in page.lines if not line.apart]
        large = {
            id(line): line.text.casefold()
            for line in lines
            if line.size >= TITLE_SIZE * body and middle(line) <= EDGE_SHARE * page.height
        }
        text = [line for line in lines if id(line) not in large and abs(line.size - body) < 0.1 * body]
        for line in lines:
            if id(line) in large:
                groups[large[id(line)]].append(line)
        if text and last and text[0].text[:1].islower() and not _SENTENCE_END.search(last.text):
            crossed.update(large.values())
        last = text[-1] if text else last
    return {id(line) for key, group in groups.items() if key not in crossed for line in group}
