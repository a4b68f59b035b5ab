"""Repair of text layers that lie, where a table of letters repairs them exactly.

A table is taken only if most words of the text are known after it. Old encodings shown as others (Windows-1251 as
Latin), glyph numbers of common fonts shown as characters, and alphabets moved by a constant are repaired; a font whose
letters are numbered at random is not: its pages need OCR.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from opora.corpus.parsers.pdf.chars import Char
from opora.corpus.parsers.pdf.page import PdfPage
from opora.corpus.parsers.pdf.text_layer import frequent_words, judge_text, known_share
from opora.text.words import fold, word_texts

MIN_KNOWN_AFTER = {"Cyrillic": 0.7, "Latin": 0.2}
"""Minimum share of known words after a repair (measured: .9-.99)."""
MIN_WORDS = 8
"""Minimum number of different words by which a table is found. A font with fewer takes the table of another font."""
MIN_FONT_CHARS = 100
"""A font that is not the main one of its page is judged on its own from this many characters."""
MAX_LYING = 0.15
"""Share of a page's characters in fonts that lie and cannot be repaired, above which the page is not trusted."""
WORD_GAP, LINE_GAP = 0.2, 0.5
"""Distances, in font sizes, from which two characters belong to two words, or to two lines."""
_SAMPLE_CHARS = 3000
_SHOWN_AS = (
    ("cp1252", "cp1251"), ("mac_roman", "mac_cyrillic"), ("mac_roman", "cp1251"), ("cp1252", "mac_cyrillic"),
    ("cp1252", "koi8-r"), ("cp1252", "cp866"), ("koi8-r", "cp1251"), ("cp1251", "koi8-r"), ("cp866", "cp1251"),
    ("cp1251", "cp866"), ("mac_cyrillic", "cp1251"), ("cp1251", "mac_cyrillic"), ("cp1250", "cp1251"),
    ("cp1253", "cp1251"), ("cp1254", "cp1251"), ("cp1252", "cp1253"), ("cp1252", "iso8859-5"),
)  # fmt: skip
"""Encoding that a font claims, and that of its bytes."""
_RUSSIAN = range(0x410, 0x450)
_OTHER_CYRILLIC = [code for code in range(0x401, 0x410) if code != 0x40D]

Table = dict[int, str]


class TextLayer:
    """Checks and repairs the text layers of the pages of one document; remembers the tables of its fonts."""

    def __init__(self) -> None:
        self._tables: dict[str, Table] = {}

    def check(self, page: PdfPage) -> tuple[PdfPage, str]:
        """Return the page, repaired if need be, and the reason not to trust its letters; empty if there is none."""
        reason = judge_text(page.plain_text)
        lying = 0 if reason else sum(map(len, self._lying_fonts(page)))
        if not reason and not lying:
            return page, ""
        chars = self._repair(page.chars, all_fonts=bool(reason))
        if chars is None:
            share = lying / len(page.chars)
            return page, reason or (f"{share:.0%} of its letters cannot be read" if share > MAX_LYING else "")
        text = text_of(chars)
        page = PdfPage(page.number, page.width, page.height, chars, page.rulings, page.images, text)
        return page, judge_text(text)

    def _lying_fonts(self, page: PdfPage) -> list[list[Char]]:
        """Return the characters of each font that lies on a page that does not lie as a whole."""
        counts = Counter(char.font for char in page.chars)
        fonts = [font for font, count in counts.items() if MIN_FONT_CHARS <= count < len(page.chars)]
        texts = [_of_font(page.chars, font) for font in fonts]
        return [chars for chars in texts if judge_text(text_of(chars))]

    def _repair(self, chars: Sequence[Char], all_fonts: bool) -> list[Char] | None:
        """Return the characters with the letters of lying fonts replaced; None if no table repairs any font."""
        texts = {font: text_of(_of_font(chars, font)) for font in dict.fromkeys(char.font for char in chars)}
        lying = texts if all_fonts else {font: text for font, text in texts.items() if judge_text(text)}
        tables = {font: table for font, text in lying.items() if (table := self._find_table(font, text))}
        if all_fonts and not tables and (table := find_table(text_of(chars))):
            tables = dict.fromkeys(lying, table)
        # fonts with few words on this page: numbers, headings
        for font in lying.keys() - tables.keys():
            known = [*tables.values(), *self._tables.values()]
            if table := next((table for table in known if _improves(texts[font], table)), None):
                tables[font] = table
        if not tables:
            return None
        return [
            char._replace(text=char.text.translate(tables[char.font])) if char.font in tables else char
            for char in chars
        ]

    def _find_table(self, font: str, text: str) -> Table | None:
        remembered = self._tables.get(font)
        if remembered and _improves(text, remembered):
            return remembered
        table = find_table(text)
        if table:
            self._tables[font] = table
        return table


def find_table(text: str) -> Table | None:
    """Return the table that makes known words of `text`; None if no table does."""
    text = text[:_SAMPLE_CHARS]
    scored = [(_score(text.translate(table)), number) for number, table in enumerate(_fixed_tables())]
    best = max(scored)
    if best[0] > 0:
        return _fixed_tables()[best[1]]
    shifted = [(_score(text.translate(table)), table) for table in _shift_tables(text)]
    return max(shifted, key=lambda pair: pair[0])[1] if shifted and max(score for score, _ in shifted) > 0 else None


def text_of(chars: Iterable[Char]) -> str:
    """Return the text of characters in their order, with blanks where they are apart; turned text is left out."""
    upright = [char for char in chars if char.angle == 0]
    pieces = [upright[0].text] if upright else []
    for last, char in pairwise(upright):
        apart = abs(char.y0 - last.y0) > LINE_GAP * char.size or not (
            -char.size < char.x0 - last.x1 < WORD_GAP * char.size
        )
        pieces.append(f" {char.text}" if apart else char.text)
    return "".join(pieces)


def _of_font(chars: Iterable[Char], font: str) -> list[Char]:
    return [char for char in chars if char.font == font]


class _Words(NamedTuple):
    cyrillic: list[str]
    latin: list[str]


def _long_words(text: str) -> _Words:
    words = {fold(word) for word in word_texts(text) if len(word) >= 3 and word.isalpha()}
    cyrillic = [word for word in words if "\u0400" <= word[0] <= "\u04ff"]
    return _Words(cyrillic, [word for word in words if word[0] < "\u0250"])


def _score(text: str) -> float:
    """Return the share of known words if the text can be trusted and is long enough, else 0."""
    words = _long_words(text)
    script, main = ("Cyrillic", words.cyrillic) if len(words.cyrillic) >= len(words.latin) else ("Latin", words.latin)
    if len(main) < MIN_WORDS:
        return 0.0
    share = known_share(script, main, enough=1.0)
    return share if share >= MIN_KNOWN_AFTER[script] and not judge_text(text) else 0.0


def _improves(text: str, table: Table) -> bool:
    """Return True if most words are known after the repair, or the text has no letters before and after it."""
    fixed = text.translate(table)
    after, before = _long_words(fixed), _long_words(text)
    if not after.cyrillic and not after.latin:
        return not any(map(str.isalpha, fixed)) and fixed.isprintable() and not text.isprintable()
    share = known_share("Cyrillic", after.cyrillic, 1.0) if after.cyrillic else 0.0
    old = known_share("Cyrillic", before.cyrillic, 1.0) if before.cyrillic else 0.0
    return share >= MIN_KNOWN_AFTER["Cyrillic"] > old


@functools.cache
def _fixed_tables() -> tuple[Table, ...]:
    return (*(_bytes_table(shown, real) for shown, real in _SHOWN_AS), *_glyph_tables(), _private_table())


def _bytes_table(shown: str, real: str) -> Table:
    table: Table = {}
    for code in range(0x80, 0x100):
        byte = bytes([code])
        letter = byte.decode(real, "ignore")
        seen = byte.decode(shown, "ignore") or byte.decode("latin-1")
        if letter and seen != letter:
            table[ord(seen)] = letter
    return table


def _glyph_tables() -> tuple[Table, Table]:
    """Return the tables of glyph numbers in fonts of Microsoft, whole, and as the low bytes of the Cyrillic ones.

    Glyphs 3 to 97 are ASCII, 98 to 225 follow Mac Roman; А to я are 570 to 633, between their neighbours in Unicode.
    """
    ascii_glyphs = {glyph: chr(glyph + 29) for glyph in range(3, 98)}
    mac = {glyph: bytes([glyph + 30]).decode("mac_roman") for glyph in range(98, 226)}
    russian = {code - 0x1D6: chr(code) for code in _RUSSIAN}
    capitals = {0x22C + at: chr(code) for at, code in enumerate(_OTHER_CYRILLIC)}
    small = {0x27A + at: chr(code + 0x50) for at, code in enumerate(_OTHER_CYRILLIC)}
    low = {glyph: letter for glyph, letter in ascii_glyphs.items() if glyph < 0x3A}
    low |= {code - 0x3D6: chr(code) for code in _RUSSIAN} | {0x7A: "ё"}
    return ascii_glyphs | mac | russian | capitals | small, low


def _private_table() -> Table:
    """Return the table of symbol fonts: U+F000 and a byte of Windows-1251."""
    return {
        0xF000 + code: letter for code in range(0x20, 0x100) if (letter := bytes([code]).decode("cp1251", "ignore"))
    }


def _shift_tables(text: str) -> Iterator[Table]:
    """Yield tables that move an alphabet by a constant: those under which letters are as frequent as in a language."""
    counts = Counter(ord(char) for char in text if not char.isspace())
    common = [code for code, _ in counts.most_common(6)]
    for alphabet, language in (((*_RUSSIAN, 0x401, 0x451), "Cyrillic"), (range(0x41, 0x7B), "Latin")):
        frequencies = _letter_frequencies(language)
        targets = [ord(letter) for letter, _ in frequencies.most_common(4)]
        shifts = {target - code for code in common for target in targets} - {0}

        def fit(shift: int, frequencies: Counter[str] = frequencies) -> int:
            return sum(count * frequencies[chr(max(0, code + shift)).lower()] for code, count in counts.items())

        for shift in sorted(shifts, key=fit, reverse=True)[:3]:
            controls = {code: chr(code + 29) for code in range(3, 32)}
            yield controls | {code - shift: chr(code) for code in alphabet if code >= shift}


@functools.cache
def _letter_frequencies(script: str) -> Counter[str]:
    return Counter(letter for word in frequent_words(script)[0] for letter in word)
