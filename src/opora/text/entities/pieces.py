"""Pieces of a text between white space, and their kinds.

The kinds of all pieces of a text form a string of one letter per piece, which the patterns of norms, references and
dates match.

    core("(ст.")        # 'ст'
    edgeless("(ст.")    # 'ст.'
"""

from __future__ import annotations

from enum import StrEnum

EDGES = "«»\"'“”„‘’()[]{}<>,;:!?…*•`"
_DASHES = str.maketrans("‐‑‒–—−", "------")


class PieceKind(StrEnum):
    """Kind of a piece. Numbers, codes, abbreviations and months have it in lower case if their closing punctuation ends
    the entity."""

    NUMBER = "N"
    CODE = "C"  # letters and digits, such as `RTX-4090`
    ABBREVIATION = "A"  # in capitals, or the name of a norm
    MONTH = "M"
    FOREIGN_NAME = "L"  # a short Latin word in a text of another script
    CAPITAL = "P"  # a single capital letter
    REFERENCE = "R"  # a word before the number of a place in a document, such as `статья`
    NUMBER_SIGN = "#"
    CONJUNCTION = "I"
    SPLIT = "X"  # has to be split after its point or joined with the next piece first
    WORD = "w"


def core(piece: str) -> str:
    """Return a piece without the punctuation around it, its dashes as hyphens."""
    return piece.translate(_DASHES).strip(EDGES).rstrip(".").strip(EDGES)


def edgeless(piece: str) -> str:
    """Return a piece without the punctuation around it, except for a point at its end."""
    return piece.strip(EDGES)
