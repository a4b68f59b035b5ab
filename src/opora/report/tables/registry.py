"""The tables of a benchmark, in the order of the page. A new kind is one function and one row of `TABLES`."""

from __future__ import annotations

from opora.report.tables.base import TableKind
from opora.report.tables.differences import differences_table
from opora.report.tables.groups import domain_table, type_table
from opora.report.tables.refusals import refusal_table
from opora.report.tables.scores import score_table

TABLES: tuple[TableKind, ...] = (score_table, differences_table, type_table, domain_table, refusal_table)
