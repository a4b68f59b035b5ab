"""The LaTeX file of a report compiles: every brace and environment is closed, and every row has all cells."""

import re

import pytest

from tests.factories import check_latex


@pytest.fixture(params=["en", "ru"])
def text(report, request):
    return (report.with_name(f"report-{request.param}") / "report.tex").read_text(encoding="utf-8")


def test_every_table_is_whole(text):
    check_latex(text)
    assert text.count(r"\caption{") == text.count(r"\label{tab:") > 6
    labels = re.findall(r"\\label\{(.*?)\}", text)
    assert len(labels) == len(set(labels))


def test_all_rows_of_a_table_have_as_many_cells(text):
    for columns, body in re.findall(
        r"\\begin\{(?:tabular|longtable)\}\{(?:l|p\{0.25\\linewidth\})(r+)\}(.*?)\\bottomrule", text, re.DOTALL
    ):
        rows = [line for line in body.splitlines() if line.endswith(r"\\") and not line.startswith(r"\caption")]
        assert len(rows) > 1
        assert {len(re.findall(r"(?<!\\)&", line)) + 1 for line in rows} == {1 + len(columns)}


def test_the_languages_differ(report):
    english, russian = (
        (report.with_name(f"report-{language}") / "report.tex").read_text("utf-8") for language in ("en", "ru")
    )
    assert "models and their scores" in english
    assert "модели и их оценки" in russian
    assert re.search(r"\\oporacell\{0,\d\d\}\{\{\[\}0,\d\d; ", russian)
