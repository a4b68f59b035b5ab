"""Merged cells stand in all rows and columns that they cover, whichever way a format merges them."""

import time

import pytest

from opora.corpus.blocks import Block
from opora.corpus.parsers.elements.tables import GridCell, cell_text, fill_spans, join_header

LONG = "x" * 300


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([[("a", 1, 2), ("1",)], [("2",)]], [["a", "1"], ["a", "2"]]),
        ([[("a", 1, 1), ("1",)], [("", 1, 1, "down"), ("2",)]], [["a", "1"], ["a", "2"]]),
        ([[("a", 1, 1), ("", 1, 1, "right")], [("1",), ("2",)]], [["a", "a"], ["1", "2"]]),
        ([[("a",), ("b",)], [("all", 2)]], [["a", "b"], ["all", ""]]),
        ([[("a", 2), ("b",)], [("1",), ("2",), ("3",)]], [["a", "a", "b"], ["1", "2", "3"]]),
        ([[(LONG, 1, 2), ("1",)], [("2",)]], [[LONG, "1"], ["", "2"]]),
        ([[(LONG,), ("1",)], [("", 1, 1, "down"), ("2",)]], [[LONG, "1"], ["", "2"]]),
        ([[("a", 1, 10**9)], [("1",)]], [["a", ""], ["a", "1"]]),
    ],
)
def test_spans(rows, expected):
    assert fill_spans([[GridCell(*cell) for cell in row] for row in rows]) == expected


def test_spans_that_lie_take_no_time():
    start = time.process_time()
    assert len(fill_spans([[GridCell("a", 1000, 1000), GridCell("b")]] * 20_000)) == 20_000
    assert time.process_time() - start < 2


def test_rows_of_a_header_become_one():
    assert join_header([["Fee", "Fee"], ["hour", "day"], ["1", "2"]], 2) == [["Fee hour", "Fee day"], ["1", "2"]]
    assert join_header([["Fee"], ["hour", "day"]], 2) == [["Fee hour", "day"]]


def test_a_table_in_a_cell_is_text():
    blocks = [Block("item", "oil", mark="1)"), Block("table", "| a | b |\n|---|---|\n| c | d |"), Block("note", "no")]
    assert cell_text(blocks) == "1) oil a, b; c, d"
