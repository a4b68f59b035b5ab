"""Control words of RTF: tokens of a file, its code pages, and the characters that control words stand for.

Source: Rich Text Format Specification 1.9.1.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import NamedTuple

_TOKEN = re.compile(
    r"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z])|([{}])|([^\\{}\r\n]+)|[\r\n]+|\\", re.DOTALL
)
CHARACTERS = {
    "tab": "\t", "line": "\n", "emdash": "—", "endash": "–", "emspace": " ", "enspace": " ", "qmspace": " ",
    "bullet": "•", "lquote": "‘", "rquote": "’", "ldblquote": "“", "rdblquote": "”", "~": "\u00a0", "_": "-",
    "\n": "\n", "\r": "\n", "{": "{", "}": "}", "\\": "\\",
}  # fmt: skip
"""Control words and symbols that stand for characters."""
_CHARSETS = {
    77: "mac_roman", 89: "mac_cyrillic", 128: "cp932", 129: "cp949", 134: "gbk", 136: "cp950", 161: "cp1253",
    162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874",
    238: "cp1250",
}  # fmt: skip
"""\\fcharset of a font -> encoding of its text."""
_SYMBOL_CHARSET = 2
_CODE_PAGES = {10000: "mac_roman", 10007: "mac_cyrillic", 65001: "utf-8", 20866: "koi8_r"}
_CYRILLIC_LANGUAGES = {1049, 1058, 1059, 1026, 3098}
"""\\deflang of Russian, Ukrainian, Belarusian, Bulgarian and Serbian."""


class Token(NamedTuple):
    """A control word or symbol with its parameter, a byte, a brace, or a run of text."""

    kind: str
    """`word`, `byte`, `brace` or `text`."""
    value: str
    number: int | None = None


def tokenize(text: str) -> Iterator[Token]:
    """Yield the tokens of an RTF file read as Latin-1. The binary data of pictures are skipped."""
    position = 0
    while match := _TOKEN.match(text, position):
        position = match.end()
        word, number, byte, symbol, brace, run = match.groups()
        if word == "bin":
            position += max(0, int(number or 0))
        elif word:
            yield Token("word", word, int(number) if number else None)
        elif byte:
            yield Token("byte", chr(int(byte, 16)))
        elif symbol:
            yield Token("word", symbol)
        elif brace:
            yield Token("brace", brace)
        elif run:
            yield Token("text", run)


class Encodings:
    """Encoding of the bytes of a document, by font."""

    def __init__(self, data: bytes) -> None:
        head = data[:4096]
        page = re.search(rb"\\ansicpg(\d{1,5})", head)
        language = re.search(rb"\\deflang(?:fe)?(\d{1,5})", head)
        if page:
            self.default = _code_page(int(page[1]))
        elif language and int(language[1]) in _CYRILLIC_LANGUAGES:
            self.default = "cp1251"
        elif rb"\mac" in head[:64]:
            self.default = "mac_roman"
        else:
            self.default = "cp437" if rb"\pc\\" in head[:64] else "cp1252"
        self.raw = self.default if data.isascii() or not _is_utf8(data) else "utf-8"
        """Encoding of bytes above 127 that stand in the text as they are; by some writers UTF-8."""
        self._fonts: dict[int, str] = {}

    def set_charset(self, font: int, charset: int) -> None:
        self._fonts[font] = "symbol" if charset == _SYMBOL_CHARSET else _CHARSETS.get(charset, self.default)

    def set_code_page(self, font: int, page: int) -> None:
        self._fonts[font] = _code_page(page)

    def of_font(self, font: int) -> str:
        return self._fonts.get(font, self.default)


def decode_run(run: str, encoding: str) -> str:
    """Return the text of bytes (as Latin-1). Characters of symbol fonts are bullets."""
    if run.isascii():
        return run
    if encoding == "symbol":
        return "".join(char if char.isascii() else "•" for char in run)
    return run.encode("latin-1", "replace").decode(encoding, "replace")


def unicode_char(number: int) -> str:
    """Return the character of \\u; symbols of the private area, which stand for bullets, become one."""
    code = number % 0x10000
    return "•" if 0xF000 <= code <= 0xF0FF else chr(code)


def _code_page(number: int) -> str:
    name = _CODE_PAGES.get(number, f"cp{number}")
    try:
        codecs.lookup(name)
    except LookupError:
        return "cp1252"
    return name


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
