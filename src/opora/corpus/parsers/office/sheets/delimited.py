"""Parser of CSV and TSV: a table whose separator is that which parts the lines most evenly."""

from __future__ import annotations

import csv
import io
from collections import Counter

from opora.corpus.blocks import clean_text
from opora.corpus.parsers.base import ParseContext, ParseError, Reading
from opora.corpus.parsers.office.sheets.excel import read_sheets
from opora.corpus.parsers.office.sheets.layout import Sheet
from opora.corpus.parsers.text.encoding import decode

SEPARATORS = "\t;|,"
"""Separators; the first of equals wins."""
SAMPLE_ROWS = 100
MAX_FIELD = 1 << 20
"""Maximum length of a field, in characters."""


def parse(data: bytes, context: ParseContext) -> Reading:
    """Parse a table in text form. Raises ParseError if no encoding fits, or a field does not end."""
    text = decode(data).lstrip("\ufeff").replace("\0", "")
    first, _, rest = text.partition("\n")
    separator = ""
    if first.strip().lower().startswith("sep=") and len(first.strip()) == 5:  # a line for Excel
        separator, text = first.strip()[4], rest
    rows = _read(text, separator or find_separator(text))
    reading = read_sheets([Sheet("table1", [[clean_text(field) for field in row] for row in rows if any(row)])])
    reading.source_text = text.translate(dict.fromkeys(map(ord, SEPARATORS + '"'), " "))
    return reading


def find_separator(text: str) -> str:
    """Return the separator that parts the first lines into the same number of fields, at least two, most often."""
    sample = "\n".join(text.splitlines()[:SAMPLE_ROWS])

    def score(separator: str) -> tuple[float, int]:
        try:
            widths = Counter(len(row) for row in csv.reader(io.StringIO(sample), delimiter=separator) if row)
        except csv.Error:  # a field that is too long
            return 0.0, 0
        width, count = max(widths.items(), key=lambda item: (item[1], item[0]), default=(1, 0))
        return (count / widths.total() if width > 1 else 0.0), width

    return max(SEPARATORS, key=score)


def _read(text: str, separator: str) -> list[list[str]]:
    csv.field_size_limit(MAX_FIELD)
    try:
        return list(csv.reader(io.StringIO(text), delimiter=separator))
    except csv.Error as error:
        raise ParseError("corrupt", str(error)) from None
