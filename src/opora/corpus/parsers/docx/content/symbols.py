"""Letters of the fonts Symbol and Wingdings, which Word stores as code points for private use."""

from __future__ import annotations

import re

_SYMBOL_20 = " !∀#∃%&∋()∗+,−./0123456789:;<=>?≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_ αβχδεφγηιϕκλμνοπθρστυϖωξψζ{|}∼"
_SYMBOL_A0 = "€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…⏐⎯↵ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓◊〈®©™∑⎛⎜⎝⎡⎢⎣⎧⎨⎩⎪ 〉∫⌠⎮⌡⎞⎟⎠⎤⎥⎦⎫⎬⎭"
_SYMBOL = {0x20 + i: char for i, char in enumerate(_SYMBOL_20)} | {0xA0 + i: char for i, char in enumerate(_SYMBOL_A0)}
_WINGDINGS = {
    0x21: "✏", 0x22: "✂", 0x28: "☎", 0x29: "✆", 0x2A: "✉", 0x4A: "☺", 0x4C: "☹", 0x6C: "●", 0x6E: "■", 0x6F: "□",
    0x70: "□", 0x71: "❑", 0x72: "❒", 0x75: "◆", 0x76: "❖", 0x9F: "•", 0xA1: "○", 0xA7: "▪", 0xA8: "☐", 0xAB: "★",
    0xDF: "←", 0xE0: "→", 0xE1: "↑", 0xE2: "↓", 0xE8: "➔", 0xF0: "⇨", 0xFB: "✗", 0xFC: "✓", 0xFD: "☒", 0xFE: "☑",
} | {0x8C + i: "❶❷❸❹❺❻❼❽❾❿"[i] for i in range(10)} | {0x81 + i: "①②③④⑤⑥⑦⑧⑨⑩"[i] for i in range(10)}  # fmt: skip
_PRIVATE = range(0xF000, 0xF100)
_PRIVATE_USE = re.compile("[\uf000-\uf0ff]")


def symbol(code: int, font: str) -> str:
    """Return the character that a font shows for a code; empty if it is unknown and for private use."""
    table = _WINGDINGS if font.lower().startswith("wingdings") else _SYMBOL
    if code in _PRIVATE:
        return table.get(code - _PRIVATE.start, "")
    if font.lower().startswith(("symbol", "wingdings")):
        return table.get(code, "")
    return chr(code) if 0 < code <= 0xFFFF and not 0xD800 <= code < 0xE000 else ""


def has_private(text: str) -> bool:
    """Return True if a text has code points that mean a character of a font."""
    return _PRIVATE_USE.search(text) is not None


def readable(text: str, font: str) -> str:
    """Return text without code points for private use."""
    return "".join(symbol(ord(char), font) if ord(char) in _PRIVATE else char for char in text)
