"""Units that a text is searched by besides its words: norms, codes, references, dates, runs of abbreviations.

In: the pieces of a text between white space, the terms and the kind of each. Out: one term a unit, the same for every
spelling.

    joined_units(["ст.", "1259", "ГК", "РФ"], ["стат", "1259", "гк", "рф"], "RNAA", "ru")
    # ['статья_1259', 'статья_1259_гк', 'гк_рф']

Kinds: `N` a number, `C` a code of letters and digits, `A` an abbreviation in capitals or the name of a norm, `L` a
Latin word in Russian text, `P` a single capital, `M` a month, `R` a word that a reference begins with, `#` a number
sign, `I` "and", `X` what is to be split after its point, `w` anything else. A small letter instead of N, C, A or M says
that punctuation ends the unit there.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence

from opora.text.terms.lexicon import tables
from opora.text.terms.stems import term
from opora.text.words import fold

MAX_UNIT_CHARS = 40
MAX_ABBREVIATION_CHARS = 8
MAX_NAME_CHARS = 12
"""Of a Latin name before a number."""

AND = ("и", "или", "and", "or")

_EDGES = "«»\"'“”„‘’()[]{}<>,;:!?…*•`"
_ENDS = frozenset('»"”’)]},;:.!?…')
_SPACED = frozenset(("т.", "Т.", "(т."))
"""What may begin `т. е.`."""
_DASHES = str.maketrans("‐‑‒–—−", "------")
_LETTER = r"[^\W\d_]"
_RUSSIAN_WORD = re.compile("[а-яё]+")
_GLUED = re.compile(rf"\W*(?:{_LETTER}+\.|§+|№)(?=\d)")
_NUMBER = re.compile(r"\d+(?:[-.,/:]\d+)*")
_CODE = re.compile(r"(?=.*\d)(?:[^\W_]+[-./:])*[^\W_]+")
_NO_CODE = re.compile(r"\d+-?(?:st|nd|rd|th|[еиймхюя]|[аеуыо][ейомюя]|[мтх]и|[гм][оу]|[ыи]х|[a-zа-яё]{4,}.*)")
"""Figures with the ending of an ordinal, or before a word: `5-го`, `20-летний`."""
_NAME = re.compile(r"_*[^\W_]+(?:_+[^\W_]+)+_*")
_CAPITALS = re.compile(rf"{_LETTER}+(?:[-/]{_LETTER}+)*")
_DATE = re.compile(r"(\d\d?)\.(\d\d?)\.(\d{4}|\d\d)г?|(\d{4})-(\d\d)-(\d\d)|(\d\d?)/(\d\d?)/(\d{4})")
_DAY = re.compile(r"(\d\d?)(?:-?(?:го|ое|е|st|nd|rd|th))?")
_ROMAN = re.compile(r"(?=.)(X{0,3})(IX|IV|V?I{0,3})")
_JOINT = re.compile(r"(?<=[^\W\d])[-./: ]+|[-./: ]+(?=[^\W\d])")

_ANY = re.compile(r"R#*[NnCcAaP]|[AL]P?#*[NnCc]|N[Aa]|A[Aa]|M[NnCc]")
"""Whether any of the patterns below can match; in most texts none can."""
_REFERENCE = re.compile(r"R#*((?:[nc]|[NC]I)*[NCnc]|[AaP])")
_NORM = re.compile(r"((?:[AL]P?){1,4})#*([NnCc])(?!M)")
_REVERSED = re.compile(r"(?<![RALPI])N(?:A(?![AP#NnCc])|a)")
_RUN = re.compile(r"(?<!A)A{1,3}(?:a|A(?![Aa]))")
_DATE_WORDS = re.compile(r"([NnCc])w?M([Nn])|M([nc]|[NC])([Nn])|M([Nn])")

_LATIN = str.maketrans("авекмнорстух", "abekmhopctyx")
_CYRILLIC = str.maketrans("abekmhopctyx", "авекмнорстух")
_ALIKE = frozenset("авекмнорстухabekmhopctyx")


def core(piece: str) -> str:
    """A piece without the punctuation around it, its dashes as hyphens."""
    return piece.translate(_DASHES).strip(_EDGES).rstrip(".").strip(_EDGES)


def edgeless(piece: str) -> str:
    """A piece without the punctuation around it, but for a point at its end."""
    return piece.strip(_EDGES)


def kind(piece: str, terms: str, language: str) -> str:
    """The kind of a piece, one letter; `terms`: the terms of its words."""
    if _RUSSIAN_WORD.fullmatch(piece):  # most pieces; the general way comes to the same, slower
        plain = _kinds_of_words(language).get(piece.replace("ё", "е"), "w")
        return "R" if terms in _inflected(language) else plain
    if _GLUED.match(piece) or piece in _SPACED:
        return "X"
    if len(piece) > MAX_UNIT_CHARS:
        return "w"
    if reference(piece, terms, language):
        return "R"
    inner = core(piece)
    folded = fold(inner).replace("ё", "е")
    found = _kind_of(inner, folded, language)
    if found == "M" and piece[-1] == "." and len(inner) < 5:  # the point of `Mar.`
        return found
    return found.lower() if found in "NCAM" and piece[-1] in _ENDS else found


def _kind_of(inner: str, folded: str, language: str) -> str:
    if _NUMBER.fullmatch(inner):
        return "N"
    if inner in ("№", "#", "N", "No", "no", "№№"):
        return "#"
    if folded in _kinds_of_words(language):
        return _kinds_of_words(language)[folded]
    if len(inner) == 1:
        return "P" if inner.isupper() else "w"
    if _CODE.fullmatch(inner):
        return "C"
    if _CAPITALS.fullmatch(inner):
        capitals = sum(map(str.isupper, inner))
        if capitals > 1 and len(inner) <= MAX_ABBREVIATION_CHARS and 2 * capitals >= len(inner):
            return "A"
        if language == "ru" and folded.isascii() and len(folded) <= MAX_NAME_CHARS:
            return "L"
    return "w"


@functools.cache
def _kinds_of_words(language: str) -> dict[str, str]:
    table = tables(language)
    return dict.fromkeys(table.norms, "A") | dict.fromkeys(table.months, "M") | dict.fromkeys(AND, "I")


def reference(piece: str, terms: str, language: str) -> str | None:
    """The word that a piece with these terms stands for if references begin with it."""
    return _inflected(language).get(terms) or tables(language).references.get(fold(edgeless(piece)))


@functools.cache
def _inflected(language: str) -> dict[str, str]:
    """The term of a word that references begin with -> the word."""
    return {term(word, language): word for word in tables(language).references.values()}


def own_units(piece: str, language: str) -> list[str]:
    """The units that one piece is by itself: a date, a code, a number with a hyphen or a slash, a name with `_`."""
    inner = core(piece)
    if len(inner) > MAX_UNIT_CHARS:
        return []
    if (date := _DATE.fullmatch(inner)) and (units := _date_of(date, language)):
        return units
    if _NUMBER.fullmatch(inner):
        return [inner] if "-" in inner or "/" in inner else []
    if _CODE.fullmatch(inner) and not inner.isdecimal() and not _NO_CODE.fullmatch(inner):
        return [code(inner)]
    return [fold(inner)] if _NAME.fullmatch(inner) else []


def joined_units(pieces: Sequence[str], terms: Sequence[str], kinds: str, language: str) -> list[str]:
    """The units of several pieces; `terms` and `kinds` have an entry for each."""
    if not _ANY.search(kinds):
        return []
    found: list[str] = []
    if "R" in kinds:
        found += _references(pieces, terms, kinds, language)
    if "M" in kinds or "m" in kinds:
        found += _dates(pieces, kinds, language)
    if "A" in kinds or "a" in kinds or "L" in kinds:
        found += _norms(pieces, kinds, language)
        for match in _RUN.finditer(kinds):
            found.append("_".join(fold(core(piece)) for piece in pieces[match.start() : match.end()]))
    return [unit for unit in found if len(unit) <= MAX_UNIT_CHARS]


def code(text: str) -> str:
    """One spelling of a code: `RTX-4090`, `RTX 4090` and `RTX4090` are `rtx4090`; letters of one look are of the script
    that the others are of, Latin if all look alike."""
    folded = _JOINT.sub("", fold(text)).replace(":", "-").replace("ё", "е")
    letters = {letter for letter in folded if letter.isalpha()} - _ALIKE
    return folded.translate(_CYRILLIC if any("а" <= letter <= "я" for letter in letters) else _LATIN)


def _references(pieces: Sequence[str], terms: Sequence[str], kinds: str, language: str) -> Iterator[str]:
    """`статья_1259`, and with the abbreviations behind it `статья_1259_гк`."""
    for match in _REFERENCE.finditer(kinds):
        head = reference(pieces[match.start()], terms[match.start()], language)
        numbers = [core(pieces[at]) for at in range(match.start(1), match.end(1)) if kinds[at] != "I"]
        if kinds[match.start(1)] in "AaP":  # Roman, if anything
            numbers = [_arabic(each) for each in numbers]
        units = [f"{head}_{fold(number)}" for number in numbers if number]
        yield from units
        last, law = kinds[match.end() - 1], match.end()
        if last in "NC" and kinds[law : law + 1] in ("A", "a"):
            yield from (f"{unit}_{fold(core(pieces[law]))}" for unit in units)


def _norms(pieces: Sequence[str], kinds: str, language: str) -> Iterator[str]:
    """`гост12.1.004-91` and, without the year, `гост12.1.004`; `152фз` of a number before an abbreviation."""
    norms = tables(language).norms
    for match in _NORM.finditer(kinds):
        number = core(pieces[match.start(2)])
        if _DATE.fullmatch(number):
            continue
        spellings = dict.fromkeys((number, re.split("[-:]", number)[0]))
        for at in range(match.start(1), match.end(1)):
            if kinds[at] == "A" or at + 1 == match.end(1):
                name = fold(core(pieces[at]))
                yield from (code(f"{norms.get(name, name)} {each}") for each in spellings)
    for match in _REVERSED.finditer(kinds):
        yield code(f"{core(pieces[match.start()])} {core(pieces[match.start() + 1])}")


def _dates(pieces: Sequence[str], kinds: str, language: str) -> Iterator[str]:
    """`2021-03-12` and `2021-03`."""
    months = tables(language).months
    for match in _DATE_WORDS.finditer(kinds):
        words = [fold(core(pieces[at])) for at in range(match.start(), match.end())]
        month = next(months[word] for word in words if word in months)
        year, day = words[-1], next((found.group(1) for word in words[:-1] if (found := _DAY.fullmatch(word))), "")
        if len(words) == 4 and words[1] != "of":  # `12th of March 2021`
            day = ""
        if re.fullmatch(r"\d{4}", year):
            yield from _date(year, str(month), day)


def _date_of(match: re.Match[str], language: str) -> list[str]:
    """The units of a date in figures, and its year, which no word of it is."""
    groups = [group for group in match.groups() if group]
    day, month, year = groups[::-1] if match[4] else groups
    if language == "en" and match[7]:  # month or day first: told only by a day over twelve
        if int(day) <= 12 and int(month) <= 12:
            return []
        day, month = (day, month) if int(day) > 12 else (month, day)
    year = year if len(year) == 4 else f"20{year}"
    units = list(_date(year, month, day))
    return [*units, year] if units else []


def _date(year: str, month: str, day: str) -> Iterator[str]:
    if 1 <= int(month) <= 12 and (not day or 1 <= int(day) <= 31):
        yield f"{year}-{int(month):02}"
        if day:
            yield f"{year}-{int(month):02}-{int(day):02}"


def _arabic(numeral: str) -> str:
    """A Roman numeral below forty in figures; '' for what is none."""
    match = _ROMAN.fullmatch(numeral)
    ones = {"": 0, "I": 1, "II": 2, "III": 3, "IV": 4, "V": 5, "VI": 6, "VII": 7, "VIII": 8, "IX": 9}
    return str(10 * len(match[1]) + ones[match[2]]) if match else ""
