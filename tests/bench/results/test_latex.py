"""Tables for a thesis compile: every brace and environment is closed, and no text is a command."""

import re

import pytest

from opora.bench.results.latex import MOST_LINES, escape, latex
from opora.bench.results.markdown import Grid


@pytest.fixture(params=["en", "ru"])
def text(report, request):
    return (report.with_name(f"report-{request.param}") / "report.tex").read_text(encoding="utf-8")


def check(text):
    """What a compiler would stumble over."""
    bare = re.sub(r"(?m)^%.*$", "", text)
    open_, depth = [], 0
    for command, name, brace in re.findall(r"\\(begin|end)\{(\w+\*?)\}|(?<!\\)([{}])", bare):
        if command == "begin":
            open_.append(name)
        elif command == "end":
            assert open_.pop() == name
        else:
            depth += 1 if brace == "{" else -1
        assert depth >= 0
    assert not open_
    assert depth == 0
    assert len(re.findall(r"(?<!\\)\$", bare)) % 2 == 0
    assert not re.search(r"(?<!\\)[#%_^]", re.sub(r"\\providecommand.*|\\label\{.*?\}", "", bare))


def test_every_table_is_whole(text):
    check(text)
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
    english, russian = ((report.with_name(f"report-{each}") / "report.tex").read_text("utf-8") for each in ("en", "ru"))
    assert "models and their scores" in english
    assert "модели и их оценки" in russian
    assert re.search(r"\\oporacell\{0,\d\d\}\{\{\[\}0,\d\d; ", russian)


@pytest.mark.parametrize(
    ("given", "written"),
    [
        (r"\input{x}", r"\textbackslash{}input\{x\}"),
        ("50 % & $1_a$ #2 ~ ^", r"50 \% \& \$1\_a\$ \#2 \textasciitilde{} \textasciicircum{}"),
        ("-0.05", "$-$0.05"),
        ("smollm2-135", "smollm2-135"),
        ("[-0.05, +0.10]", r"{[}$-$0.05, +0.10{]}"),
        ('a\nb <c> | "d"', r"a b $<$c$>$ \textbar{} ''d''"),
    ],
)
def test_no_text_is_a_command(given, written):
    assert escape(given) == written


@pytest.mark.parametrize(("lines", "environment"), [(MOST_LINES, "table"), (MOST_LINES + 1, "longtable")])
def test_long_tables_go_over_pages(lines, environment):
    grid = Grid("", ["key facts ↑", "n"], [[f"m_{n}", "0.50 [-0.10, 0.60] ▲", "3"] for n in range(lines)])
    text = latex(grid, "A & B", "tab:x")
    check(text)
    assert text.count(rf"\begin{{{environment}}}") == 1
    assert r"\oporacell{0.50 $\blacktriangle$}{{[}$-$0.10, 0.60{]}}" in text
    assert r"\oporahead{key\\facts~$\uparrow$}" in text
    assert r"\caption{A \& B}\label{tab:x}" in text
