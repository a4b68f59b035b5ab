"""A small corpus with its index, questions about it, and models whose answers are written here."""

import re
import time
from pathlib import Path

import pytest

from opora.artifacts import Build, write_json_lines, write_parquet
from opora.bench.settings import ClosedBenchSettings, PositionBenchSettings, RagBenchSettings, RetrieverBenchSettings
from opora.bench.stage import run_bench
from opora.models.base import Completion
from opora.records import Document, Example, KeyFacts, Option, Passage, Quote
from opora.report.settings import ReportSettings
from opora.report.stage import write_report
from opora.retrieval.index.stage import build_index
from opora.retrieval.settings import IndexSettings
from opora.validation import Settings

TEXTS = {
    "en/rules/fees.md": "A fee of 12 EUR is due each day. Dogs travel free of charge on every ferry.",
    "en/rules/times.md": "The ferry leaves at 7.30 from the northern pier. It never sails on Sunday.",
    "en/tech/pumps.md": "🚢 On the quay: The main pump moves 40 litres a second. <script>alert('pump')</script> is its "
    "label. </script><!--<script>document.title = 'taken'</script>\u2028",
}
REFUSAL = "The documents do not contain an answer to this question."
FACTS = {
    "fee": ("What is the fee?", "The fee is 12 EUR a day.", "rules/fees", "A fee of 12 EUR is due each day.", "12"),
    "dogs": ("What do dogs pay?", "Dogs travel free.", "rules/fees",
             "Dogs travel free of charge on every ferry.", "free"),
    "pier": ("Where does it leave?", "From the northern pier.", "rules/times",
             "The ferry leaves at 7.30 from the northern pier.", "northern pier"),
    "pump": ("How fast is the <b>pump</b> & its $motor_1$?", "It moves 40 litres a second.", "tech/pumps",
             "The main pump moves 40 litres a second.", "40"),
}  # fmt: skip
OPTIONS = (Option(text="12 EUR", right=True), Option(text="<b>7.30</b>", right=False))
KINDS = {"fee": "simple", "dogs": "simple", "pier": "table", "pump": "logical thinking"}


def passage(document, number, start, end):
    metadata = {"source": document.source, "title": document.title, "language": "en"}
    id_ = f"{document.id}-{number}"
    text = document.text[start:end]
    return Passage(id=id_, document_id=document.id, text=text, start=start, end=end, metadata=metadata)


def make_documents():
    return [
        Document(id=f"d{n}", source=source, title="Fee, dogs, pier, pump", text=text, language="en")
        for n, (source, text) in enumerate(TEXTS.items())
    ]


def make_passages():
    cut = [(each, each.text.index(". ", 10) + 1) for each in make_documents()]
    return [
        one
        for document, at in cut
        for one in (passage(document, 0, 0, at), passage(document, 1, at + 1, len(document.text)))
    ]


def make_examples():
    answerable = [
        Example(
            id=name, question=question, answer=answer, language="en", kind=KINDS[name], domain=document.split("/")[0],
            split="test", quotes=(Quote(document=document, text=quote),), facts=KeyFacts(must=((fact,),)),
        )
        for name, (question, answer, document, quote, fact) in FACTS.items()
    ]  # fmt: skip
    nothing = Example(
        id="captain", question="Who is the captain?", answer=REFUSAL, language="en", kind="no info", domain="rules",
        split="test", behavior="refuse",
    )  # fmt: skip
    return [*answerable, nothing, nothing.model_copy(update={"id": "other", "split": "train"})]


class Scripted:
    """Writes as its name says: `right` with the evidence, `wrong` with a remark, `refuse` always."""

    context_tokens = None

    def __init__(self, spec, pause_s=0.0):
        self.spec = self.revision = spec
        self._manner, self._pause_s = spec.partition(":")[2], pause_s

    def generate(self, chats, on_completion=None):
        completions = []
        for number, chat in enumerate(chats):
            time.sleep(self._pause_s)
            text = self._write(chat[-1].content)
            seconds = 0.25 if self._manner == "right" else 0.5
            completions.append(Completion(text=text, prompt_tokens=99, completion_tokens=7, seconds=seconds))
            if on_completion:
                on_completion(number, completions[-1])
        return completions

    def logprobs(self, chats, continuations):
        """`right` prefers the letters of the right options, which stand in the prompt behind the passages."""
        values = []
        for chat, letter in zip(chats, continuations, strict=True):
            [option] = [line for line in chat[-1].content.splitlines() if line.startswith(f"{letter}) ")]
            values.append(-1.0 if ("12 EUR" in option) == (self._manner == "right") else -2.0)
        return values

    def _write(self, prompt):
        passages, _, question = prompt.rpartition("Question: ")
        known = {asked: (answer, quote) for asked, answer, _, quote, _ in FACTS.values()}
        answer, quote = known.get(question, (REFUSAL, ""))
        if self._manner == "refuse" or (self._manner == "right" and not quote):
            return REFUSAL
        numbered = re.findall(r"\[(\d+)\] ([^[]*)", passages)
        gold = next((number for number, text in numbered if quote and quote in text), "1")
        other = next((number for number, _ in reversed(numbered) if number != gold), "9")
        if self._manner == "right":
            return f'Quote: "{quote}" [{gold}]\nAnswer: {answer} [{gold}]'
        return f"It is the <i>7.5</i> one. [{other}]"


def lay_out(folder):
    """`corpus/`, `index/` and `questions.jsonl` in `folder`."""
    with Build(folder / "corpus", "ingest", Settings(), inputs={}) as build:
        write_parquet(build.path / "documents.parquet", make_documents())
        write_parquet(build.path / "passages.parquet", make_passages())
        build.publish()
    build_index(IndexSettings(), folder / "corpus", folder / "index")
    write_json_lines(folder / "questions.jsonl", make_examples())


@pytest.fixture(scope="session")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bench-project")
    lay_out(folder)
    return folder


@pytest.fixture(scope="session")
def settings(project):
    models = {"wrong": "fake:wrong", "right": "fake:right", "refuse": "fake:refuse"}
    return RagBenchSettings(questions=project / "questions.jsonl", models=models, resamples=200)


@pytest.fixture(scope="session")
def load():
    """Opens a scripted model in the place of the one that a spec names."""
    return lambda spec, settings: Scripted(spec)


@pytest.fixture(scope="session")
def report(project, settings, load, tmp_path_factory):
    """A report of four methods, in both languages, with names that try to be markup."""
    folder = tmp_path_factory.mktemp("report")
    models = {"<i>wrong</i> | $x$": "fake:wrong", "right": "fake:right", "refuse": "fake:refuse"}
    examples = [example.model_copy(update={"options": OPTIONS}) for example in make_examples()[:2]]
    write_json_lines(folder / "closed.jsonl", examples)
    common = {"questions": project / "questions.jsonl", "resamples": 200}
    two = {"right": "fake:right", "wrong": "fake:wrong"}
    benches = {
        "one": settings.model_copy(update={"models": models}),
        "places": PositionBenchSettings(**common, method="position", passages=(1, 2), sweep=3, models=two),
        "search": RetrieverBenchSettings(**common, method="retriever", retrievers=("words", "hybrid")),
        "choices": ClosedBenchSettings(
            method="closed", questions=folder / "closed.jsonl", models=two, resamples=200, by="logprobs"
        ),
    }
    for name, each in benches.items():
        run_bench(each, project / "corpus", project / "index", folder / name, load)
    for language, shown in (("en", list(benches)), ("ru", ["one", "places"])):
        given = ReportSettings(title="A & <B>", language=language)
        write_report(given, [folder / name for name in shown], folder / f"report-{language}")
    return folder / "report-en"


@pytest.fixture
def slow_script(project, tmp_path):
    """A program that runs the same benchmark slowly, for tests that kill it."""
    script = tmp_path / "slow.py"
    script.write_text(
        f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from pathlib import Path
from conftest import Scripted
from opora.bench.stage import run_bench
from opora.bench.settings import RagBenchSettings
models = {{"wrong": "fake:wrong", "right": "fake:right", "refuse": "fake:refuse"}}
project = Path({str(project)!r})
settings = RagBenchSettings(questions=project / "questions.jsonl", models=models, resamples=200)
load = lambda spec, settings: Scripted(spec, pause_s=0.4)
run_bench(settings, project / "corpus", project / "index", Path(sys.argv[1]), load)
""",
        encoding="utf-8",
    )
    return script
