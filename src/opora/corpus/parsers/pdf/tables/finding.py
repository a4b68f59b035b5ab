"""Tables of a page: those with rulings, then those whose columns are aligned."""

from __future__ import annotations

from opora.corpus.parsers.pdf.page import PdfPage
from opora.corpus.parsers.pdf.tables.aligned import find_aligned_tables
from opora.corpus.parsers.pdf.tables.ruled import find_ruled_tables
from opora.corpus.parsers.pdf.tables.table import PdfTable


def find_tables(page: PdfPage) -> list[PdfTable]:
    """Return the tables of a page, from top to bottom."""
    ruled = find_ruled_tables(page)
    return sorted([*ruled, *find_aligned_tables(page, ruled)], key=lambda table: table.y0)
