"""Parts of an HTML table as plain tuples for `report.html.jinja`: cells, lines, sections."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from opora.bench.results.i18n import NONE, Words
from opora.bench.results.markdown import ARROWS
from opora.bench.results.metrics import Column
from opora.bench.results.table import Verdict, verdict
from opora.metrics.bootstrap import Difference, Interval
from opora.report.results import BenchmarkResults

MAX_LINES_WITHOUT_SCROLLING = 18


class TableCell(NamedTuple):
    """A number as text; `detail` is small print below it, `shade` the strength of its background from 0 to 1."""

    text: str
    detail: str = ""
    verdict: Verdict = ""
    shade: float | None = None


class TableLine(NamedTuple):
    """One line of a table: its label and cells."""

    label: str
    cells: Sequence[TableCell]
    detail: str = ""


class TableSection(NamedTuple):
    """Lines under a heading; an empty heading is not shown."""

    heading: str
    lines: Sequence[TableLine]


class HtmlTable(NamedTuple):
    """One table of the page. `head` has label and small print of each column but the first, labelled by `corner`."""

    name: str
    title: str
    caption: str
    corner: str
    head: Sequence[tuple[str, str]]
    sections: Sequence[TableSection]
    note: str = ""

    @property
    def is_tall(self) -> bool:
        """True if the table scrolls in its own box."""
        return len(self.sections) == 1 and len(self.sections[0].lines) > MAX_LINES_WITHOUT_SCROLLING


TableKind = Callable[[BenchmarkResults], HtmlTable | None]
"""Makes one table of a benchmark, or None where the benchmark has no data for it."""


def interval_cell(interval: Interval, column: Column, words: Words) -> TableCell:
    """Return a mean with its interval."""
    mean, span = words.number(interval.mean, column.digits), words.span(interval, column.digits)
    return TableCell(_with_minus_signs(mean), _with_minus_signs(span))


def difference_cell(difference: Difference, column: Column, words: Words, with_p: bool = False) -> TableCell:
    """Return a paired difference with its interval; `with_p` adds the (corrected) p-value."""
    if difference.mean is None:
        return TableCell(NONE)
    mean, detail = words.number(difference.mean, column.digits, True), words.span(difference, column.digits, True)
    p = difference.p if difference.adjusted is None else difference.adjusted
    if with_p and p is not None:
        p_text = words.p(p)
        detail += f", p {p_text}" if p_text.startswith("<") else f", p = {p_text}"
    return TableCell(_with_minus_signs(mean), _with_minus_signs(detail), verdict(column, difference))


def shade_of(interval: Interval, column: Column) -> float | None:
    """Return the position of a mean on the scale of its metric, from 0 to 1."""
    low, high = column.scale
    return None if interval.mean is None else min(1.0, max(0.0, (interval.mean - low) / (high - low)))


def metric_label(column: Column, words: Words) -> str:
    """Return the label of a metric, with an arrow that does not wrap onto its own line."""
    return words.label(column) + ARROWS[column.better].replace(" ", "\u00a0")


def _with_minus_signs(text: str) -> str:
    return text.replace("-", "−")
