"""Letters of two alphabets that look alike: OCR reads Latin ones in Russian words (`Ha` for `На`)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from opora.corpus.parsers.ocr.tesseract import OcrWord
from opora.text.terms import russian_analyzer

MIN_CYRILLIC = 0.7
"""Share of Cyrillic letters from which a page is Russian."""
_LATIN, _CYRILLIC = "ABCEHKMOPTXaceopxy", "АВСЕНКМОРТХасеорху"
_TO_CYRILLIC = str.maketrans(_LATIN, _CYRILLIC)
_ALIKE = re.compile(f"[{_LATIN}]{{2,}}")
_MIXED = re.compile(f"(?=.*[{_LATIN}])(?=.*[а-яё])[{_LATIN}А-Яа-яЁё]{{2,}}")
_LETTERS, _RUSSIAN = re.compile(r"[^\W\d_]"), re.compile(r"[А-Яа-яЁё]")


def with_one_alphabet(words: Sequence[OcrWord]) -> list[OcrWord]:
    """Return the words of a page; in a Russian one those that only seem to hold Latin letters have Cyrillic ones."""
    text = " ".join(word.text for word in words)
    if len(_RUSSIAN.findall(text)) < MIN_CYRILLIC * len(_LETTERS.findall(text)):
        return list(words)
    return [word._replace(text=_corrected(word.text)) for word in words]


def _corrected(text: str) -> str:
    core = text.strip(".,;:!?()«»\"'")
    if not (_ALIKE.fullmatch(core) or _MIXED.fullmatch(core)):
        return text
    corrected = core.translate(_TO_CYRILLIC)
    # capitals alone may be a formula or an abbreviation: CO, TOC
    is_word = not core.isupper() and russian_analyzer().word_is_known(corrected.lower())
    return text.replace(core, corrected) if is_word else text
