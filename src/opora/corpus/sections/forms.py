"""Forms of lines that may be headings: `Статья 12. Название`, `4. РАСЧЁТЫ СТОРОН`, `УСТАНОВИЛ:`.

read_form("Статья 12¹. Хранение проб")      # Form('article', '12.1', 11, 'Хранение проб', is_pointed=True)
read_form("2.3. Services")                  # Form('decimal', '2.3', 5, 'Services', is_pointed=True)
"""

from __future__ import annotations

import functools
import re
from typing import NamedTuple

from opora.text.entities.place_names import place_names, place_number
from opora.text.terms import is_finite_verb
from opora.text.words import fold, word_texts

MAX_LINE = 2_000
"""Characters of a block that its form is read from."""
MAX_TITLE, MAX_TITLE_WORDS = 250, 32
"""Longer lines are no titles."""
MAX_NUMBERED_TITLE, MAX_ROMAN_TITLE = 200, 400
_ROMAN = r"[IVXLCХІ]{1,7}"
_NUMBER = (
    r"\d{1,5}(?:[.\-]\d{1,4})*(?:\s?[⁰¹²³⁴⁵⁶⁷⁸⁹]+|[(<\[]\d{1,3}[)>\]])?"
    rf"|{_ROMAN}(?!\w)|[A-ZА-Я](?:[.\-]?\d{{1,3}})?(?!\w)"
)
_TITLE = r"(?P<point>[.]?)(?:\s+|(?<=\.)(?=[^\W\d]))(?P<title>\S.*)"
_DECIMAL = re.compile(rf"(?P<number>\d{{1,3}}(?:\.\d{{1,3}}){{0,5}}){_TITLE}", re.DOTALL)
_ROMAN_LINE = re.compile(rf"(?P<number>{_ROMAN}(?:\(\d{{1,2}}\))?){_TITLE}", re.DOTALL)
_DATE = re.compile(r"[^\W\d]+\.?,? (?:19|20)\d\d(?!\d)|(?:19|20)\d\d(?!\d)")
"""Month and year, behind the number of the day."""
_LEADER = re.compile(r"(?:\.{3,}|(?:\. ){3,}|…{2,}|_{4,}|\t)\s*\d{0,4}\s*$")
"""End of a line of a table of contents."""
_SPACED = re.compile(r"(?<!\w)(?:\w ){3,}\w(?!\w)")
_REMARK = re.compile(r"\((?:[^()]|\([^()]*\))* (?:[^()]|\([^()]*\))*\)\.?")
_SENTENCE_END = re.compile(r"[^\W\d]{3,}[.!?]\s+[A-ZА-ЯЁ«\"]")


class Form(NamedTuple):
    """Form of a line. `title` starts at `title_start`, behind the number; `is_pointed`: a mark ends the number."""

    kind: str
    """Kind of a place, `decimal`, `roman`, `phrase` or `ruling`."""
    number: str
    title_start: int
    title: str
    is_pointed: bool = False


def read_form(text: str) -> Form | None:
    """Return the form of a line, None if no heading has it."""
    line = text[:MAX_LINE]
    return _word_form(line) or _numbered_form(line) or _phrase_form(line)


def is_contents_line(text: str) -> bool:
    """Return True for a line of a table of contents, with dots before the page number."""
    return _LEADER.search(text[-200:]) is not None


def is_contents_heading(text: str) -> bool:
    return fold(unspaced(text)).strip(" .:") in place_names().contents


def is_capitals(text: str) -> bool:
    """Return True if nine letters of ten, and at least four, are capitals."""
    letters = [char for char in text if char.isalpha()]
    return len(letters) >= 4 and 10 * sum(map(str.isupper, letters)) >= 9 * len(letters)


def is_title(text: str, limit: int = MAX_NUMBERED_TITLE) -> bool:
    """Return True if a text may be the title of a numbered heading: it is short, begins with a capital, and is not a
    sentence, a clause of a list or a line of a table of contents."""
    stripped = text.strip()
    first = stripped.lstrip('«"“(')[:1]
    return (
        0 < len(stripped) <= limit
        and (first.isupper() or first.isdigit())
        and any(map(str.isalpha, stripped))
        and stripped[-1] not in ".;:,!-–—"
        and not is_contents_line(stripped)
        and not has_sentence_end(stripped)
        and not _DATE.match(stripped)
        and (is_capitals(stripped) or not has_verb(stripped.split(",")[0]))
    )


def is_remark(text: str) -> bool:
    """Return True for a line of several words in parentheses, such as `(Статья утратила силу)`: no heading or title."""
    return text.startswith("(") and len(text) <= MAX_LINE and _REMARK.fullmatch(text.strip()) is not None


def is_pointed_title(text: str) -> bool:
    """Return True for a title that ends with a point, such as `Наименование услуг.`."""
    stripped = text.strip()
    return stripped.endswith(".") and len(word_texts(stripped)) <= 10 and is_title(stripped.rstrip("."))


def has_sentence_end(text: str) -> bool:
    """Return True if a sentence ends inside the text."""
    return _SENTENCE_END.search(text) is not None


def has_verb(text: str) -> bool:
    """Return True if the text has a finite verb, so that it is a sentence (Russian by pymorphy3, else a short list)."""
    verbs = place_names().verbs
    return any(fold(word) in verbs or is_finite_verb(word.lower()) for word in word_texts(text)[:MAX_TITLE_WORDS])


def unspaced(text: str) -> str:
    """Return the text with letters set apart, as in `Р Е Ш И Л`, joined."""
    return _SPACED.sub(lambda match: match.group().replace(" ", ""), text)


def _word_form(line: str) -> Form | None:
    match = _word_pattern().match(line)
    if not line or not (line[0].isupper() or line[0] == "§"):
        return None
    if not match:
        return _unnumbered_appendix(line)
    kind = place_names().heading_kinds[fold(match["word"])]
    number = place_number(match["number"])
    if not number or (number[0].isalpha() and kind not in ("appendix", "part")):
        return None
    point, title = match["point"], match["title"].strip()
    start = len(line.rstrip()) - len(title) if title else match.start("title")
    return Form(kind, number, start, title, bool(point.strip()))


def _unnumbered_appendix(line: str) -> Form | None:
    """Return the form of an appendix without a number: `Приложение`, `Приложение к договору аренды`."""
    words = fold(line[:MAX_TITLE]).split()
    names = place_names()
    if not words or names.heading_kinds.get(words[0]) != "appendix":
        return None
    if len(words) > 1 and words[1].strip("()") not in names.appendix_tails:
        return None
    start = len(line.split()[0])
    return Form("appendix", "", start, line[start:].strip())


@functools.cache
def _word_pattern() -> re.Pattern[str]:
    names = place_names()
    words = "|".join(sorted(map(re.escape, names.heading_kinds), key=len, reverse=True))
    ordinals = "|".join(names.ordinals)
    return re.compile(
        rf"(?P<word>{words})\s*(?:№|N(?:o\.?)?\s)?\s*(?P<number>(?-i:{_NUMBER})|(?:{ordinals})\w{{1,4}})"
        rf"(?!\w)(?P<point>\s*[.:)]?(?:\s*[—–-](?=\s))?)(?P<title>.*)",
        re.IGNORECASE | re.DOTALL,
    )


def _numbered_form(line: str) -> Form | None:
    for kind, pattern in (("decimal", _DECIMAL), ("roman", _ROMAN_LINE)):
        match = pattern.match(line)
        if match:
            number = match["number"] if kind == "decimal" else _roman_number(match["number"])
            if number:
                return Form(kind, number, match.start("title"), match["title"].strip(), bool(match["point"]))
    return None


def _roman_number(text: str) -> str:
    """Return the digits of `IV` or `IV(1)`; empty for letters that are no Roman numeral."""
    roman, _, inserted = text.partition("(")
    number = place_number(roman)
    return "" if not number.isdecimal() else f"{number}.{inserted.rstrip(')')}" if inserted else number


def _phrase_form(line: str) -> Form | None:
    if len(line) > 120:
        return None
    text = fold(unspaced(line)).strip()
    names = place_names()
    if text.endswith(":") and text.rstrip(" :").split(" ")[-1:] != [""]:
        words = text.rstrip(" :").split()
        if words[-1] in names.rulings and len(words) <= 4:
            return Form("ruling", "", 0, line)
    if text.strip(" .:") in names.headings and line[:1].isupper():
        return Form("phrase", "", 0, line)
    return None
