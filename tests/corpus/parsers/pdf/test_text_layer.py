"""Text layers that lie are noticed and, where a table repairs them, repaired; honest ones are left alone."""

import pytest

from opora.corpus.parsers.base import ParseError
from opora.corpus.parsers.pdf.repair import find_table
from opora.corpus.parsers.pdf.text_layer import judge_text

from .papers import ORDER, make_paper, parse, without_letters, write_lines

RUSSIAN = " ".join(ORDER)
ENGLISH = (
    "The tenant shall pay the rent to the landlord on the first day of each month and shall keep the premises in good"
    " repair during the whole term of this lease, and shall return the keys on its last day."
)
HONEST = {
    "Russian": RUSSIAN,
    "English": ENGLISH,
    "names": "Kowalski Nowak Wisniewski Hansen Lindqvist Bergstrom Fernandez Dubois Moreau Rossi Bianchi Keller Vogel",
    "part numbers": "XKR-4521 BDF-1177 TTRW-88 QXZ-0091 MNBV-55 GHJK-31 LKPO-72 ZXCV-64 PLMK-19 WQSD-83 FRTG-27",
    "numbers": "2019 1 245,6 18 870 23 022 209 3 062 2 303 12 382 3 298 6 359 98 452 41 181",
    "program": "def parseDate(self, rawValue): return self.dateTime.fromIso(rawValue) if rawValue else defaultValue",
    "functions": "dateTime numberOfMonths addYears timeZone parseXML getValue toString formatDate currentUser",
    "Ukrainian": "Орендар зобов'язаний сплачувати орендну плату щомісяця та утримувати приміщення у належному стані"
    " протягом усього строку дії цього договору і повернути ключі в останній день",
    "Kazakh": "Қазақстан Республикасының азаматтары тұрғын үйге құқылы және мемлекет оны қорғауды қамтамасыз етеді"
    " әрбір адам заң алдында тең",
    "Greek": "Ο μισθωτής υποχρεούται να καταβάλλει το μίσθωμα την πρώτη ημέρα κάθε μήνα στον εκμισθωτή",
    "French": "Le locataire paie le loyer au propriétaire le premier jour de chaque mois et garde les lieux en bon état"
    " pendant toute la durée du bail, où qu'il réside, même à l'étranger",
    "bullets": "\uf0b7 Check the oil level every morning \uf0b7 Open the valve slowly and keep the log of the station",
}


@pytest.mark.parametrize("text", HONEST.values(), ids=HONEST.keys())
def test_honest_text_is_trusted(text):
    assert judge_text(text) == ""
    assert judge_text(f"{text} {text}") == ""


def _as(text, real, shown):
    return text.encode(real, "ignore").decode(shown, "replace")


def _moved(text, shift):
    return "".join(chr(ord(char) + shift) if char.isalpha() else char for char in text)


LIES = {
    "cp1251 as Latin": _as(RUSSIAN, "cp1251", "cp1252"),
    "koi8 as cp1251": _as(RUSSIAN, "koi8-r", "cp1251"),
    "cp1251 as koi8": _as(RUSSIAN, "cp1251", "koi8-r"),
    "cp866 as cp1251": _as(RUSSIAN, "cp866", "cp1251"),
    "Mac as Mac Roman": _as(RUSSIAN, "mac_cyrillic", "mac_roman"),
    "moved Cyrillic": _moved(RUSSIAN, 70),
    "glyph numbers": "".join(chr(ord(c) - (0x1D6 if ord(c) > 0x400 else 29)) for c in RUSSIAN.replace("ё", "е")),
    "low bytes of glyph numbers": "".join(
        chr(ord(c) - (0x3D6 if ord(c) > 0x400 else 29)) for c in RUSSIAN.replace("ё", "е")
    ),
    "symbol font": "".join(chr(0xF000 + c.encode("cp1251")[0]) for c in RUSSIAN),
    "moved ASCII": "".join(chr(ord(char) - 29) for char in ENGLISH),
}


@pytest.mark.parametrize("text", LIES.values(), ids=LIES.keys())
def test_lies_are_noticed_and_repaired(text):
    assert judge_text(text)
    table = find_table(text)
    fixed = text.translate(table)
    assert fixed in (RUSSIAN, RUSSIAN.replace("ё", "е"), ENGLISH)


@pytest.mark.parametrize(
    "text",
    [
        "(cid:12)(cid:7)(cid:33) (cid:4)(cid:5)(cid:6) " * 10,
        "\ufffd\ufffd\ufffd \ufffd\ufffd\ufffd\ufffd " * 10,
        # Russian letters read as English ones
        "npeAbABlleHHble HaJloroBoM noAJleKHT CTpoeHHH OrIOBOPEHHOM CyMMbI KoHTpoJIb AoroBopa CpoKOM OnJIaTa yCJIyrH",
    ],
)
def test_text_without_letters_is_noticed(text):
    assert judge_text(text)
    assert find_table(text) is None


def test_windows_1251_in_a_latin_font_is_repaired():
    def draw(pdf):
        pdf.set_font("Helvetica", "", 11)
        write_lines(pdf, [_as(line, "cp1251", "cp1252") for line in ORDER])

    parsed = parse(make_paper(draw))
    assert ORDER[0] in parsed.text
    assert "трёх лет" in parsed.text
    assert parsed.suspicions == ()


def test_a_font_without_letters_is_never_indexed_as_text():
    with pytest.raises(ParseError, match=r"no text: unreadable text layer: \d+% of its characters"):
        parse(without_letters(make_paper(write_lines)), ocr="off")
