"""Raised and lowered figures as characters of their own: Article 12 with a raised 1 is not Article 121."""

from __future__ import annotations

_PLAIN = "0123456789+-−=()n"
SCRIPT_CHARACTERS = {"sup": "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿ", "sub": "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₙ"}
SCRIPTS = {script: str.maketrans(_PLAIN, characters) for script, characters in SCRIPT_CHARACTERS.items()}


def write_script(text: str, script: str) -> str:
    """Return figures and signs raised (`sup`) or lowered (`sub`); a text that has other characters, unchanged."""
    written = text.strip().translate(SCRIPTS[script])
    return written if written and not written.strip(SCRIPT_CHARACTERS[script]) else text
