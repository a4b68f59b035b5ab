"""Dates, in digits and with the name of the month, as `2021-03-12` and `2021-03`.

digit_date("12.03.2021", "ru")      # ['2021-03', '2021-03-12', '2021']
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from opora.text.entities.pieces import core
from opora.text.language_pack import language_pack
from opora.text.lexicon import lexicon
from opora.text.words import fold

DIGIT_DATE = re.compile(r"(\d\d?)\.(\d\d?)\.(\d{4}|\d\d)г?|(\d{4})-(\d\d)-(\d\d)|(\d\d?)/(\d\d?)/(\d{4})")
"""`12.03.2021`, `2021-03-12` or `12/03/2021`; `г` is the Russian for year."""
_NAMED_DATE = re.compile(r"[NnCc]w?M[Nn]|M[NnCc]?[Nn]")
"""`12 March 2021`, `12th of March 2021`, `March 12, 2021` or `March 2021`."""


def named_dates(pieces: Sequence[str], kinds: str, language: str) -> Iterator[str]:
    """Yield the dates with a named month."""
    lists = lexicon(language)
    for match in _NAMED_DATE.finditer(kinds):
        words = [fold(core(piece)) for piece in pieces[match.start() : match.end()]]
        month = next(lists.months[word] for word in words if word in lists.months)
        year = words[-1]
        day = next((day_match[1] for word in words[:-1] if (day_match := lists.day.fullmatch(word))), "")
        if len(words) == 4 and words[1] not in lists.date_prepositions:
            day = ""
        if re.fullmatch(r"\d{4}", year):
            yield from _date(year, str(month), day)


def digit_date(text: str, language: str) -> list[str]:
    """Return the date that `text` is, and its year, which no word of it is; empty if it is no date."""
    match = DIGIT_DATE.fullmatch(text)
    if not match:
        return []
    groups = [group for group in match.groups() if group]
    day, month, year = groups[::-1] if match[4] else groups
    if match[7] and language_pack(language).month_may_come_first:  # only a day over twelve tells which comes first
        if int(day) <= 12 and int(month) <= 12:
            return []
        day, month = (day, month) if int(day) > 12 else (month, day)
    year = year if len(year) == 4 else f"20{year}"
    dates = _date(year, month, day)
    return [*dates, year] if dates else []


def _date(year: str, month: str, day: str) -> list[str]:
    """Return the month and, if there is a day, the day; empty if there is no such month or day."""
    if not 1 <= int(month) <= 12 or (day and not 1 <= int(day) <= 31):
        return []
    year_month = f"{year}-{int(month):02}"
    return [year_month, f"{year_month}-{int(day):02}"] if day else [year_month]
