"""Latin letters that OCR reads in Russian words become Cyrillic ones; foreign words stay."""

import pytest

from opora.corpus.parsers.ocr.alphabets import with_one_alphabet
from opora.corpus.parsers.ocr.tesseract import OcrWord


def read(text):
    words = [OcrWord(word, 0.9, 1, 1, 1, 0, 0, 1, 1) for word in text.split()]
    return " ".join(word.text for word in with_one_alphabet(words))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("утечка Ha землю", "утечка На землю"),
        ("считают, что oн мoжет уйти", "считают, что он может уйти"),
        ("концентрация CO в воздухе", "концентрация CO в воздухе"),
        ("разъём типа BNC и Excel", "разъём типа BNC и Excel"),
        ("He knows the way", "He knows the way"),
    ],
)
def test_letters_of_another_alphabet(text, expected):
    assert read(text) == expected
