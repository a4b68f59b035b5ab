"""Values of cells as text: numbers without noise, dates as ISO dates."""

from __future__ import annotations

import datetime
from decimal import Decimal

_DIGITS = 15
"""Significant digits of numbers in spreadsheets."""
_LARGE = 1e15


def format_value(value: object, decimals: int | None = None, is_percent: bool = False) -> str:
    """Return a value as text. `decimals` is the number of decimals that its cell shows, if known."""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float):
        return show_number(value, decimals, is_percent)
    if isinstance(value, datetime.datetime):
        return value.isoformat(" ", "minutes") if value.time() != datetime.time() else value.date().isoformat()
    if isinstance(value, datetime.time):
        return value.isoformat("seconds" if value.second else "minutes")
    if isinstance(value, datetime.timedelta):
        minutes, seconds = divmod(round(value.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02}" + (f":{seconds:02}" if seconds else "")
    return str(value)


def show_number(number: float, decimals: int | None = None, is_percent: bool = False) -> str:
    """Return a number with at most 15 digits, rounded as its cell shows it if that has two decimals or more."""
    if number != number or abs(number) in (float("inf"), _LARGE) or abs(number) > _LARGE:
        return str(number)
    value = Decimal(f"{number:.{_DIGITS}g}") * (100 if is_percent else 1)
    if decimals is not None and (is_percent or decimals > 1) and value.is_finite():
        value = value.quantize(Decimal(1).scaleb(-decimals))
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return ("0" if text == "-0" else text) + ("%" if is_percent else "")
