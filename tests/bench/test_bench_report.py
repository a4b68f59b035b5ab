"""The report is one page that asks for nothing outside, and nothing in it is markup but its own."""

import json
import re
from html.parser import HTMLParser

import pytest

from opora.bench.page import side_by_side
from opora.bench.report import inline_markdown, write_report
from opora.bench.run import run_bench
from opora.bench.settings import ReportSettings
from opora.bench.table import COLUMNS, AnswerRow, format_table, make_table, verdict
from opora.errors import InputError
from opora.metrics.interval import Interval
from opora.records import Answer


class Page(HTMLParser):
    """Collects what a browser would ask for, and which tags there are."""

    VOID = frozenset(("meta", "br", "img", "source"))

    def __init__(self, text):
        super().__init__()
        self.tags, self.addresses, self.open, self.languages = [], [], [], set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.addresses += [value for name, value in attributes if name in ("src", "srcset", "href", "action", "data")]
        self.languages |= {value for name, value in attributes if name == "lang"}
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def report(project, settings, open_with, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    models = {"<i>wrong</i> | $x$": "extractive", "right": "fake:right", "refuse": "fake:refuse"}
    hostile = settings.model_copy(update={"models": models})
    for name in ("one", "two"):
        run_bench(hostile, project / "corpus", project / "index", folder / name, open_with)
    write_report(ReportSettings(title="A & <B>"), [folder / "one", folder / "two"], folder / "report")
    return folder / "report"


@pytest.fixture(scope="module")
def text(report):
    return (report / "report.html").read_text(encoding="utf-8")


def test_the_page_asks_for_nothing_outside(text):
    page = Page(text)
    assert page.addresses
    assert not page.open
    assert all(each.startswith(("data:image/svg+xml;base64,", "#")) for each in page.addresses)
    assert "http" not in text
    assert "@import" not in text
    assert "url(" not in text


def test_nothing_from_documents_questions_and_models_is_markup(text):
    page = Page(text)
    assert not {"script", "b", "i"} & set(page.tags)
    assert "&lt;script&gt;" in text
    assert "&lt;b&gt;pump&lt;/b&gt; &amp; its" in text
    assert "A &amp; &lt;B&gt;" in text


def test_the_page_shows_every_answer_with_its_language(text):
    assert {"en"} <= Page(text).languages
    assert text.count("<article>") == 10
    assert text.count('class="answer"') == 30
    assert text.count("Passages retrieved") == 10
    assert "holds the evidence" in text


def test_dark_and_light(text):
    assert text.count('media="(prefers-color-scheme: dark)"') == text.count("<img ") == 12


def test_the_plots_are_files_too(report):
    plots = sorted(each.name for each in (report / "plots").iterdir())
    assert plots[:6] == [f"one-{name}.png" for name in "cost differences domains kinds mistakes scores".split()]
    assert all((report / "plots" / each).read_bytes().startswith(b"\x89PNG") for each in plots)


def test_markdown_and_json(report):
    markdown = (report / "report.md").read_text(encoding="utf-8")
    assert not re.search(r"(?<!\\)<(?!plots/)\w", markdown)
    assert "key facts by kind" in markdown
    assert all((report / each).exists() for each in re.findall(r"\]\(<(.+?)>\)", markdown))
    data = json.loads((report / "report.json").read_text(encoding="utf-8"))
    assert [each["name"] for each in data["benchmarks"]] == ["one", "two"]
    assert len(data["benchmarks"][0]["answers"]) == 15


def test_a_report_is_not_made_twice(report):
    benches = [report.parent / "one", report.parent / "two"]
    before = (report / "manifest.json").stat().st_mtime_ns
    write_report(ReportSettings(title="A & <B>"), benches, report)
    assert (report / "manifest.json").stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("benches", "message"),
    [([], "no benchmark to report"), (["nowhere"], "does not exist"), (["one", "one"], "two benchmarks are named")],
)
def test_what_is_no_benchmark_is_one_line(report, tmp_path, benches, message):
    with pytest.raises(InputError, match=message):
        write_report(ReportSettings(), [report.parent / each for each in benches], tmp_path / "r")


def test_a_corpus_is_no_benchmark(project, tmp_path):
    with pytest.raises(InputError, match="a benchmark is expected"):
        write_report(ReportSettings(), [project / "corpus"], tmp_path / "r")


def row(model, number, kind="simple", **scores):
    return AnswerRow(
        model=model, id=f"q{number}", question="?", reference="", behavior="answer", kind=kind, domain="",
        language="en", gold=(), answer=Answer(text="", refused=False), scores=scores,
    )  # fmt: skip


def test_answers_side_by_side_are_spread_over_the_kinds():
    kinds = ["simple"] * 30 + ["table"] * 2 + ["double"] * 5
    rows = [row("m", number, kind) for number, kind in enumerate(kinds)]
    chosen = [each.row.kind for each in side_by_side(rows, 9, seed=0)]
    assert {kind: chosen.count(kind) for kind in chosen} == {"simple": 4, "table": 2, "double": 3}
    assert len(side_by_side(rows, 99, seed=0)) == 37
    assert side_by_side(rows, 9, seed=0) == side_by_side(rows, 9, seed=0) != side_by_side(rows, 9, seed=1)


def test_a_table_of_one_model_has_no_differences():
    rows = [row("m", number, key_facts=float(number % 2), refusal=0.0) for number in range(8)]
    text = format_table(make_table(rows, {"m": "extractive"}, "m", seed=0, resamples=100))
    assert "key facts ↑ | 0.50 [" in text
    assert "difference" not in text
    assert "seconds" not in text


def test_every_model_answers_every_question():
    rows = [row("a", 0), row("a", 1), row("b", 0)]
    with pytest.raises(ValueError, match="b answered 1 of 2"):
        make_table(rows, {"a": "x", "b": "y"}, "a", seed=0, resamples=10)


@pytest.mark.parametrize(
    ("metric", "low", "high", "expected"),
    [
        ("key_facts", 0.1, 0.3, "better"),
        ("key_facts", -0.3, -0.1, "worse"),
        ("key_facts", -0.1, 0.3, ""),
        ("missed_refusal", 0.1, 0.3, "worse"),
        ("seconds", -3.0, -1.0, "better"),
        ("refusal", 0.1, 0.3, ""),
    ],
)
def test_a_verdict_needs_an_interval_without_zero(metric, low, high, expected):
    [column] = [each for each in COLUMNS if each.metric == metric]
    assert verdict(column, Interval(mean=(low + high) / 2, low=low, high=high, count=9)) == expected


@pytest.mark.parametrize(
    ("text", "line"),
    [("a\n# b", r"a \# b"), ("<b>&", "&lt;b&gt;&amp;"), ("[x](y)", r"\[x\](y)"), ("5 * 5 | 6_7", r"5 \* 5 \| 6\_7")],
)
def test_inline_markdown(text, line):
    assert inline_markdown(text) == line
