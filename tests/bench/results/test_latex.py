"""Tables for a thesis compile: every brace and environment is closed, and no text is a command."""

import pytest

from opora.bench.results.latex import MAX_LINES, escape, latex
from opora.bench.results.markdown import Grid
from tests.factories import check_latex


@pytest.mark.parametrize(
    ("text", "latex_text"),
    [
        (r"\input{x}", r"\textbackslash{}input\{x\}"),
        ("50 % & $1_a$ #2 ~ ^", r"50 \% \& \$1\_a\$ \#2 \textasciitilde{} \textasciicircum{}"),
        ("-0.05", "$-$0.05"),
        ("smollm2-135", "smollm2-135"),
        ("[-0.05, +0.10]", r"{[}$-$0.05, +0.10{]}"),
        ('a\nb <c> | "d"', r"a b $<$c$>$ \textbar{} ''d''"),
    ],
)
def test_no_text_is_a_command(text, latex_text):
    assert escape(text) == latex_text


@pytest.mark.parametrize(("lines", "environment"), [(MAX_LINES, "table"), (MAX_LINES + 1, "longtable")])
def test_long_tables_continue_over_pages(lines, environment):
    grid = Grid("", ["key facts ↑", "n"], [[f"m_{n}", "0.50 [-0.10, 0.60] ▲", "3"] for n in range(lines)])
    text = latex(grid, "A & B", "tab:x")
    check_latex(text)
    assert text.count(rf"\begin{{{environment}}}") == 1
    assert r"\oporacell{0.50 $\blacktriangle$}{{[}$-$0.10, 0.60{]}}" in text
    assert r"\oporahead{key\\facts~$\uparrow$}" in text
    assert r"\caption{A \& B}\label{tab:x}" in text
