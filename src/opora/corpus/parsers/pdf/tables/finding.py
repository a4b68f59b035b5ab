"""Tables of a page, ruled ones first."""

from __future__ import annotations

from opora.corpus.parsers.pdf.page import PdfPage
from opora.corpus.parsers.pdf.tables.ruled import find_ruled_tables
from opora.corpus.parsers.pdf.tables.table import PdfTable


def find_tables(page: PdfPage) -> list[PdfTable]:
    """Return the tables of a page, from top to bottom."""
    return find_ruled_tables(page)
