"""Pieces of a text between white space, and their kinds.

In: a piece as it is written. Out: the piece without punctuation. The kinds of all pieces of a text form a string of one
letter per piece, which the patterns of norms, references and dates match.

    core("(ст.")        # 'ст'
    edgeless("(ст.")    # 'ст.'
"""

from __future__ import annotations

from enum import StrEnum

MAX_ENTITY_CHARS = 40
"""Longer entities are ignored."""
LETTER = r"[^\W\d_]"

EDGES = "«»\"'“”„‘’()[]{}<>,;:!?…*•`"
CLOSING = frozenset('»"”’)]},;:.!?…')
"""Punctuation that ends an entity."""
_DASHES = str.maketrans("‐‑‒–—−", "------")


class PieceKind(StrEnum):
    """Kind of a piece. A kind in lower case is one whose closing punctuation ends the entity."""

    NUMBER = "N"
    CODE = "C"
    """Letters and digits, such as `RTX-4090`."""
    ABBREVIATION = "A"
    """An abbreviation in capitals, or the name of a norm."""
    MONTH = "M"
    LAST_NUMBER = "n"
    LAST_CODE = "c"
    LAST_ABBREVIATION = "a"
    LAST_MONTH = "m"
    FOREIGN_NAME = "L"
    """A short Latin word in a text of another script."""
    CAPITAL = "P"
    """A single capital letter."""
    REFERENCE = "R"
    """A word before the number of a place in a document, such as `статья`."""
    NUMBER_SIGN = "#"
    CONJUNCTION = "I"
    SPLIT = "X"
    """A piece that has to be split after its point or joined with the next one first."""
    WORD = "w"


def core(piece: str) -> str:
    """Return a piece without the punctuation around it, its dashes as hyphens."""
    return piece.translate(_DASHES).strip(EDGES).rstrip(".").strip(EDGES)


def edgeless(piece: str) -> str:
    """Return a piece without the punctuation around it, except for a point at its end."""
    return piece.strip(EDGES)
