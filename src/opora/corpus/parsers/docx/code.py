"""Code in DOCX: paragraphs in a font whose letters are all of one width, and that read like code."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence

from opora.corpus.blocks import Block, clean_code
from opora.corpus.parsers.docx.headings import StoryPiece

_MONOSPACED = ("courier", "consolas", "lucida console", "menlo", "monaco", "cascadia", "inconsolata", "mono")
MAX_SHARE = 0.8
"""Share of text in monospaced fonts above which the document is typed in one, like on a typewriter."""
_CODE = re.compile(
    r"""[{}<>;=$|\\] | \w\(\) | \[\w*\] | -> | (?:^|\s)--?[a-z] | \w\.\w+\( | \w/\w+/\w
    | (?:^|\n)\s*(?:\#|//|import\s|def\s|class\s|sudo\s|cd\s)""",
    re.VERBOSE,
)


@functools.cache
def is_monospaced(font: str | None) -> bool:
    """Return True for the name of a font for code, such as `Courier New` or `PT Mono`."""
    return font is not None and any(part in font.lower() for part in _MONOSPACED)


def join_code(pieces: Sequence[StoryPiece]) -> list[StoryPiece]:
    """Return the pieces with paragraphs of code joined to blocks of code, which keep their indents and lines."""
    typed = sum(len(piece.code) for piece in pieces)
    if typed > MAX_SHARE * sum(len(piece.block.text) for piece in pieces):
        return list(pieces)
    joined: list[StoryPiece] = []
    run: list[StoryPiece] = []
    for piece in [*pieces, None]:
        if piece is not None and piece.code:
            run.append(piece)
            continue
        code = "\n".join(line.code for line in run)
        joined += [StoryPiece(Block("code", clean_code(code)))] if _CODE.search(code) else run
        run = []
        if piece is not None:
            joined.append(piece)
    return joined
