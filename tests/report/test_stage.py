"""The report is one page that asks for nothing outside, and nothing in it is markup but its own."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from itertools import pairwise
from typing import get_args

import pytest

from opora.bench.results.markdown import format_table
from opora.bench.results.metrics import COLUMNS
from opora.bench.results.table import AnswerRow, Entry, entries_of, make_table, verdict
from opora.errors import InputError
from opora.metrics.bootstrap import Difference
from opora.records import Answer, Behavior, QuestionKind
from opora.report.render import inline_markdown
from opora.report.settings import ReportSettings
from opora.report.stage import ReportStage
from opora.report.texts import read_report_texts


class Page(HTMLParser):
    """Collects what a browser would ask for, which elements there are, and the texts of scripts."""

    VOID = frozenset(("meta", "br"))

    def __init__(self, text):
        super().__init__()
        self.elements, self.addresses, self.open, self.scripts = [], [], [], []
        self.feed(text)

    @property
    def tags(self):
        return [tag for tag, _ in self.elements]

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        self.addresses += [value for name, value in attributes if name in ("src", "srcset", "href", "action", "data")]
        if tag not in self.VOID:
            self.open.append(tag)
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] == "script":
            self.scripts[-1] += data


@pytest.fixture(params=["en", "ru"])
def text(report, request):
    return (report.with_name(f"report-{request.param}") / "report.html").read_text(encoding="utf-8")


def test_the_page_asks_for_nothing_outside(text):
    page = Page(text)
    assert not page.open
    assert page.addresses
    assert all(each.startswith("#") for each in page.addresses)
    assert "http:" not in text
    assert "https:" not in text
    assert "@import" not in text
    assert not re.search(r"url\((?!#)", text)


def test_the_policy_lets_only_the_own_script_run(text):
    script, _ = Page(text).scripts
    allowed = re.search(r"script-src '(sha256-[^']+)'", text)[1]
    assert allowed == "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert "default-src 'none'" in text


def test_nothing_from_documents_questions_and_models_is_markup(text):
    page = Page(text)
    assert page.tags.count("script") == 2
    assert not {"b", "i"} & set(page.tags)
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    assert "A &amp; &lt;B&gt;" in text
    assert "&lt;i&gt;wrong&lt;/i&gt; | $x$" in text
    data = json.loads(page.scripts[1])
    assert "taken" in json.dumps(data)
    assert any("<b>pump</b> & its" in question["text"] for question in data["benches"][0]["questions"])


def test_every_answer_is_there_once_and_every_passage(report):
    text = (report / "report.html").read_text(encoding="utf-8")
    benches = {each["name"]: each for each in json.loads(Page(text).scripts[1])["benches"]}
    assert set(benches) == {"one", "places", "choices"}  # a retriever answers nothing
    assert [len(answers) for answers in benches["one"]["answers"]] == [5, 5, 5]
    assert all(answer for answers in benches["one"]["answers"] for answer in answers)
    places = [place for place, *_ in benches["one"]["passages"]]
    texts = [text for _, _, text, _ in benches["one"]["passages"]]
    assert len(places) == len(set(texts)) == 6
    assert sum(answer is not None for answers in benches["places"]["answers"] for answer in answers) > 20
    assert benches["choices"]["answers"][0][0]["chosen"] == [0]


def test_headings_tables_and_controls_are_told_to_those_who_do_not_see(text):
    page = Page(text)
    levels = [int(tag[1]) for tag in page.tags if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert all("scope" in attributes for tag, attributes in page.elements if tag == "th")
    assert all(attributes["aria-label"] for _, attributes in page.elements if attributes.get("role") == "img")
    regions = [attributes for _, attributes in page.elements if "scroll" in attributes.get("class", "").split()]
    assert len(regions) >= 8
    assert all(each["tabindex"] == "0" and each["aria-label"] for each in regions)
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert all(each.removeprefix("#") in ids for each in page.addresses if not re.match(r"#m[0-9a-f]{10}|#h", each))


def test_the_page_speaks_the_language_that_was_asked_for(report):
    english, russian = (
        (report.with_name(f"report-{each}") / "report.html").read_text(encoding="utf-8") for each in ("en", "ru")
    )
    assert '<html lang="en">' in english
    assert '<html lang="ru">' in russian
    assert "<h3>Scores</h3>" in english
    shown = re.sub(r"<(script|style|pre).*?</\1>", "", russian, flags=re.DOTALL)
    for name in ("Scores", "key facts", "refusals", "model", "simple", "no info", "passages", "order", "Mean", "0."):
        assert not re.search(rf">[^<]*(?<![\w.])({re.escape(name)})(?!\w)[^<]*<", shown.replace("fake:", "")), name
    assert "отрывков: 2, порядок обратный" in shown
    assert "нужный на месте 3" in shown
    markdown = (report.with_name("report-ru") / "report.md").read_text(encoding="utf-8")
    assert "ключевые факты ↑" in markdown
    assert re.search(r"\| 0,\d\d \[0,\d\d; \d,\d\d\]", markdown)


def test_both_languages_have_the_same_words():
    english, russian = read_report_texts("en"), read_report_texts("ru")
    named = {f"label.{column.metric}" for column in COLUMNS} | {f"meaning.{column.metric}" for column in COLUMNS}
    named |= {f"kind.{kind}" for kind in get_args(QuestionKind)}
    assert named <= set(russian)
    assert {key for key in set(russian) - named if not key.startswith("domain.")} == set(english)
    fields = {key: set(re.findall(r"{(\w+)}", text)) for key, text in english.items()}
    assert {key: set(re.findall(r"{(\w+)}", russian[key])) for key in english} == fields
    assert {f"behavior.{each}" for each in get_args(Behavior)} <= set(english)


def luminance(color):
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts]
    return sum(weight * each for weight, each in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def mixed(color, paper, share):
    parts = [[int(each[at : at + 2], 16) for at in (1, 3, 5)] for each in (color, paper)]
    return "#" + "".join(f"{round(share * one + (1 - share) * two):02x}" for one, two in zip(*parts, strict=True))


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_letters_stand_out_in_both_themes(text, theme):
    """WCAG 2.2, 1.4.3: 4.5 for text; 1.4.11: 3 for what else has to be seen."""
    pairs = re.findall(r"(--[\w-]+): light-dark\((#\w{6}), (#\w{6})\)", text)
    color = {name: (light, dark)[theme] for name, light, dark in pairs}
    grounds = {name: color[name] for name in ("--paper", "--card")}
    wanted = [(ink, ground, 4.5) for ink in ("--ink", "--soft", "--link", "--good", "--bad") for ground in grounds]
    wanted += [("--ink", each, 4.5) for each in ("--gold", "--cite", "heat", "cell")]
    wanted += [(f"--series-{n}", "--paper", 3.0) for n in range(1, 7)] + [("--edge", "--paper", 3.0)]
    color |= {"heat": mixed(color["--heat"], color["--paper"], 0.55)}
    color |= {"cell": mixed(color["--series-1"], color["--paper"], 0.5)}
    for one, other, least in wanted:
        light, dark = sorted((luminance(color[one]), luminance(color[other])), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= least, (one, other)


def test_the_plots_are_files_too(report):
    plots = sorted(each.name for each in (report / "plots").iterdir())
    of_one = "cost-seconds cost-tokens differences domains kinds mistakes refusals scores"
    assert [each for each in plots if each.startswith("one-")] == [f"one-{name}.png" for name in of_one.split()]
    assert {"places-slots.png", "places-orders.png", "search-recall.png"} <= set(plots)
    assert all((report / "plots" / each).read_bytes().startswith(b"\x89PNG") for each in plots)


def test_markdown_and_json(report):
    markdown = (report / "report.md").read_text(encoding="utf-8")
    assert not re.search(r"(?<!\\)<(?!plots/)\w", markdown)
    assert "key facts by kind" in markdown
    assert "right: a refusal" in markdown
    assert all((report / each).exists() for each in re.findall(r"\]\(<(.+?)>\)", markdown))
    data = json.loads((report / "report.json").read_text(encoding="utf-8"))
    assert [each["name"] for each in data["benchmarks"]] == ["one", "places", "search", "choices"]


def test_a_report_is_not_made_twice(report):
    benches = [report.parent / name for name in ("one", "places", "search", "choices")]
    before = (report / "manifest.json").stat().st_mtime_ns
    ReportStage(ReportSettings(title="A & <B>"), benches, report).run()
    assert (report / "manifest.json").stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("benches", "message"),
    [([], "no finished benchmarks"), (["nowhere"], "does not exist"), (["one", "one"], "two benchmarks are named")],
)
def test_what_is_no_benchmark_is_one_line(report, tmp_path, benches, message):
    with pytest.raises(InputError, match=message):
        ReportStage(ReportSettings(), [report.parent / each for each in benches], tmp_path / "r").run()


def test_a_corpus_is_no_benchmark(ferry_project, tmp_path):
    with pytest.raises(InputError, match="a benchmark is needed"):
        ReportStage(ReportSettings(), [ferry_project / "corpus"], tmp_path / "r").run()


def row(model, number, **scores):
    return AnswerRow(
        model=model, id=f"q{number}", question="?", reference="", behavior="answer", kind="simple", domain="",
        language="en", gold=(), answer=Answer(text="", refused=False), scores=scores,
    )  # fmt: skip


def test_a_table_of_one_model_has_no_differences():
    rows = [row("m", number, key_facts=float(number % 2), refusal=0.0) for number in range(8)]
    text = format_table(make_table(rows, [Entry("m", "extractive", "m")], seed=0, resamples=100))
    assert "key facts ↑" in text
    assert "0.50 [" in text
    assert "difference" not in text
    assert "seconds" not in text


def test_every_model_answers_every_question():
    rows = [row("a", 0), row("a", 1), row("b", 0)]
    with pytest.raises(ValueError, match="b and a answered other questions"):
        make_table(rows, entries_of({"a": "x", "b": "y"}, ""), seed=0, resamples=10)


@pytest.mark.parametrize(
    ("metric", "mean", "adjusted", "expected"),
    [
        ("key_facts", 0.2, 0.01, "better"),
        ("key_facts", -0.2, 0.01, "worse"),
        ("key_facts", 0.2, 0.06, ""),
        ("missed_refusal", 0.2, 0.01, "worse"),
        ("seconds", -2.0, 0.01, "better"),
        ("refusal", 0.2, 0.01, ""),
    ],
)
def test_a_verdict_is_beyond_noise_after_holm(metric, mean, adjusted, expected):
    [column] = [each for each in COLUMNS if each.metric == metric]
    found = Difference(mean=mean, low=mean - 0.1, high=mean + 0.1, count=9, p=0.01, adjusted=adjusted)
    assert verdict(column, found) == expected


@pytest.mark.parametrize(
    ("text", "line"),
    [("a\n# b", r"a \# b"), ("<b>&", "&lt;b&gt;&amp;"), ("[x](y)", r"\[x\](y)"), ("5 * 5 | 6_7", r"5 \* 5 \| 6\_7")],
)
def test_inline_markdown(text, line):
    assert inline_markdown(text) == line
