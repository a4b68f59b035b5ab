"""The report is one page that loads nothing from outside and shows foreign content as text."""

import base64
import hashlib
import json
import re
import shutil
from html.parser import HTMLParser
from itertools import pairwise
from typing import get_args

import pytest

from opora.bench.results.markdown import format_table
from opora.bench.results.metrics import COLUMNS
from opora.bench.results.table import AnswerRow, Entry, entries_of, make_table, verdict
from opora.errors import InputError
from opora.metrics.bootstrap import Difference
from opora.records import QUESTION_TYPES, Answer, Behavior
from opora.report.render import inline_markdown
from opora.report.results import read_report_texts, report_words
from opora.report.settings import ReportSettings, report_languages
from opora.report.stage import ReportStage
from opora.text import resources
from opora.validation import parse_record
from tests.factories import languages_at


class Page(HTMLParser):
    """Collects the addresses that a browser would load, the elements, and the texts of scripts."""

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


def test_the_page_loads_nothing_from_outside(text):
    page = Page(text)
    assert not page.open
    assert page.addresses
    assert all(address.startswith("#") for address in page.addresses)
    assert "http:" not in text
    assert "https:" not in text
    assert "@import" not in text
    assert not re.search(r"url\((?!#)", text)


def test_the_policy_allows_only_the_own_script(text):
    script, _ = Page(text).scripts
    allowed = re.search(r"script-src '(sha256-[^']+)'", text)[1]
    assert allowed == "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert "default-src 'none'" in text


def test_documents_questions_and_models_cannot_add_markup(text):
    page = Page(text)
    assert page.tags.count("script") == 2
    assert not {"b", "i"} & set(page.tags)
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    assert "A &amp; &lt;B&gt;" in text
    assert "&lt;i&gt;wrong&lt;/i&gt; | $x$" in text
    data = json.loads(page.scripts[1])
    assert "taken" in json.dumps(data)
    assert any("<b>pump</b> & its" in question["text"] for question in data["benches"][0]["questions"])


def test_every_answer_and_every_passage_is_there_once(report):
    text = (report / "report.html").read_text(encoding="utf-8")
    benches = {bench["name"]: bench for bench in json.loads(Page(text).scripts[1])["benches"]}
    assert set(benches) == {"one", "places", "choices"}  # a retriever gives no answers
    assert [len(answers) for answers in benches["one"]["answers"]] == [5, 5, 5]
    assert all(answer for answers in benches["one"]["answers"] for answer in answers)
    places = [place for place, *_ in benches["one"]["passages"]]
    texts = [text for _, _, text, _ in benches["one"]["passages"]]
    assert len(places) == len(set(texts)) == 6
    assert sum(answer is not None for answers in benches["places"]["answers"] for answer in answers) > 20
    assert benches["choices"]["answers"][0][0]["chosen"] == [0]


def test_headings_tables_and_controls_are_accessible(text):
    page = Page(text)
    levels = [int(tag[1]) for tag in page.tags if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert all("scope" in attributes for tag, attributes in page.elements if tag == "th")
    assert all(attributes["aria-label"] for _, attributes in page.elements if attributes.get("role") == "img")
    regions = [attributes for _, attributes in page.elements if "scroll" in attributes.get("class", "").split()]
    assert len(regions) >= 8
    assert all(region["tabindex"] == "0" and region["aria-label"] for region in regions)
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert all(link.removeprefix("#") in ids for link in page.addresses if not re.match(r"#m[0-9a-f]{10}|#h", link))


def test_the_page_is_in_the_language_of_the_settings(report):
    english, russian = (
        (report.with_name(f"report-{code}") / "report.html").read_text(encoding="utf-8") for code in ("en", "ru")
    )
    assert '<html lang="en">' in english
    assert '<html lang="ru">' in russian
    assert "<h3>Scores</h3>" in english
    shown = re.sub(r"<(script|style|pre).*?</\1>", "", russian, flags=re.DOTALL)
    for name in (
        "Scores",
        "key-fact",
        "refusals",
        "model",
        "simple",
        "unanswerable",
        "passages",
        "order",
        "Mean",
        "0.",
    ):
        assert not re.search(rf">[^<]*(?<![\w.])({re.escape(name)})(?!\w)[^<]*<", shown.replace("scripted:", "")), name
    assert "отрывков: 2, обратный порядок" in shown
    assert "эталонный на позиции 3" in shown
    markdown = (report.with_name("report-ru") / "report.md").read_text(encoding="utf-8")
    assert "точность ключевых фактов ↑" in markdown
    assert re.search(r"\| 0,\d\d \[0,\d\d; \d,\d\d\]", markdown)


def test_both_languages_have_the_same_texts():
    english, russian = read_report_texts("en"), read_report_texts("ru")
    metric_texts = {f"{part}.{column.metric}" for column in COLUMNS for part in ("label", "meaning")}
    assert metric_texts | {f"question_type.{name}" for name in QUESTION_TYPES} <= set(russian)
    assert {key for key in russian if not key.startswith("domain.")} == set(english)
    fields = {key: set(re.findall(r"{(\w+)}", text)) for key, text in english.items()}
    assert {key: set(re.findall(r"{(\w+)}", russian[key])) for key in english} == fields
    assert {f"behavior.{name}" for name in get_args(Behavior)} <= set(english)


def luminance(color):
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def mixed(color, paper, share):
    parts = [[int(code[at : at + 2], 16) for at in (1, 3, 5)] for code in (color, paper)]
    return "#" + "".join(
        f"{round(share * above + (1 - share) * below):02x}" for above, below in zip(*parts, strict=True)
    )


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_text_has_enough_contrast_in_both_themes(text, theme):
    """WCAG 2.2: a contrast of 4.5 for text (1.4.3), 3 for other parts (1.4.11)."""
    pairs = re.findall(r"(--[\w-]+): light-dark\((#\w{6}), (#\w{6})\)", text)
    color = {name: (light, dark)[theme] for name, light, dark in pairs}
    grounds = {name: color[name] for name in ("--paper", "--card")}
    required = [(ink, ground, 4.5) for ink in ("--ink", "--soft", "--link", "--good", "--bad") for ground in grounds]
    required += [("--ink", name, 4.5) for name in ("--gold", "--cite", "heat", "cell")]
    required += [(f"--series-{n}", "--paper", 3.0) for n in range(1, 7)] + [("--edge", "--paper", 3.0)]
    color |= {"heat": mixed(color["--heat"], color["--paper"], 0.55)}
    color |= {"cell": mixed(color["--series-1"], color["--paper"], 0.5)}
    for ink, ground, minimum in required:
        light, dark = sorted((luminance(color[ink]), luminance(color[ground])), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= minimum, (ink, ground)


def test_the_plots_are_files_too(report):
    plots = sorted(path.name for path in (report / "plots").iterdir())
    of_one = "cost-seconds cost-tokens differences domains mistakes question_types refusals scores"
    assert [name for name in plots if name.startswith("one-")] == [f"one-{name}.png" for name in of_one.split()]
    assert {"places-slots.png", "places-orders.png", "search-recall.png"} <= set(plots)
    assert all((report / "plots" / name).read_bytes().startswith(b"\x89PNG") for name in plots)


def test_markdown_and_json(report):
    markdown = (report / "report.md").read_text(encoding="utf-8")
    assert not re.search(r"(?<!\\)<(?!plots/)\w", markdown)
    assert "key-fact accuracy by question type" in markdown
    assert "right: a refusal" in markdown
    assert all((report / path).exists() for path in re.findall(r"\]\(<(.+?)>\)", markdown))
    data = json.loads((report / "report.json").read_text(encoding="utf-8"))
    assert [bench["name"] for bench in data["benchmarks"]] == ["one", "places", "search", "choices"]


def test_an_up_to_date_report_is_not_made_again(report):
    benches = [report.parent / name for name in ("one", "places", "search", "choices")]
    before = (report / "manifest.json").stat().st_mtime_ns
    ReportStage(ReportSettings(title="A & <B>"), benches, report).run()
    assert (report / "manifest.json").stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("benches", "message"),
    [([], "no finished benchmarks"), (["nowhere"], "does not exist"), (["one", "one"], "two benchmarks are named")],
)
def test_missing_benchmarks_are_an_error(report, tmp_path, benches, message):
    with pytest.raises(InputError, match=message):
        ReportStage(ReportSettings(), [report.parent / name for name in benches], tmp_path / "r").run()


def test_a_corpus_is_no_benchmark(ferry_project, tmp_path):
    with pytest.raises(InputError, match="a benchmark is needed"):
        ReportStage(ReportSettings(), [ferry_project / "corpus"], tmp_path / "r").run()


def row(model, number, **scores):
    return AnswerRow(
        model=model, id=f"q{number}", question="?", reference="", behavior="answer", question_type="simple", domain="",
        language="en", gold=(), answer=Answer(text="", refused=False), scores=scores,
    )  # fmt: skip


def test_a_table_of_one_model_has_no_differences():
    rows = [row("m", number, key_fact_accuracy=float(number % 2), refusal=0.0) for number in range(8)]
    text = format_table(make_table(rows, [Entry("m", "extractive", "m")], seed=0, resamples=100))
    assert "key-fact accuracy ↑" in text
    assert "0.50 [" in text
    assert "difference" not in text
    assert "seconds" not in text


def test_every_model_answers_every_question():
    rows = [row("a", 0), row("a", 1), row("b", 0)]
    with pytest.raises(ValueError, match="b and a have different questions"):
        make_table(rows, entries_of({"a": "x", "b": "y"}, ""), seed=0, resamples=10)


@pytest.mark.parametrize(
    ("metric", "mean", "adjusted", "expected"),
    [
        ("key_fact_accuracy", 0.2, 0.01, "better"),
        ("key_fact_accuracy", -0.2, 0.01, "worse"),
        ("key_fact_accuracy", 0.2, 0.06, ""),
        ("answered_unanswerable", 0.2, 0.01, "worse"),
        ("seconds", -2.0, 0.01, "better"),
        ("refusal", 0.2, 0.01, ""),
    ],
)
def test_a_verdict_is_significant_after_holm(metric, mean, adjusted, expected):
    [column] = [column for column in COLUMNS if column.metric == metric]
    difference = Difference(mean=mean, low=mean - 0.1, high=mean + 0.1, count=9, p=0.01, adjusted=adjusted)
    assert verdict(column, difference) == expected


@pytest.mark.parametrize(
    ("text", "line"),
    [("a\n# b", r"a \# b"), ("<b>&", "&lt;b&gt;&amp;"), ("[x](y)", r"\[x\](y)"), ("5 * 5 | 6_7", r"5 \* 5 \| 6\_7")],
)
def test_inline_markdown(text, line):
    assert inline_markdown(text) == line


def test_a_new_language_is_one_folder(tmp_path):
    shutil.copytree(resources.LANGUAGES / "en", tmp_path / "en")
    (tmp_path / "xx").mkdir()
    (tmp_path / "xx" / "report.yaml").write_text("page: {skip: Zu den Ergebnissen}", encoding="utf-8")
    with languages_at(tmp_path):
        words = report_words(ReportSettings(language="xx").language)
        assert words("page.skip") == "Zu den Ergebnissen"
        assert words("page.contents") == "Contents"
        assert words("scores.title") == "Scores"
        assert report_languages() == ["en", "xx"]


def test_a_language_without_texts_is_an_error():
    with pytest.raises(InputError, match=r"report.language is 'eo': .*known: en, ru"):
        parse_record(ReportSettings, {"language": "eo"}, "opora.yaml", "report.")
