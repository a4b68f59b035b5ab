"""Fixtures of the report: one report over benchmarks of four methods."""

import pytest

from opora.artifacts import write_json_lines
from opora.bench.stage import BenchStage
from opora.bench.tasks.multiple_choice import MultipleChoiceTask
from opora.bench.tasks.position import PositionTask
from opora.bench.tasks.retrieval import RetrievalTask
from opora.report.settings import ReportSettings
from opora.report.stage import ReportStage
from tests.factories import FERRY_OPTIONS, load_ferry_model, make_ferry_examples


@pytest.fixture(scope="session")
def report(ferry_project, ferry_bench, tmp_path_factory):
    """Folder of a report in English; `report-ru` beside it is in Russian. Names of rows contain markup."""
    folder = tmp_path_factory.mktemp("report")
    models = {"<i>wrong</i> | $x$": "scripted:wrong", "right": "scripted:right", "refuse": "scripted:refuse"}
    two = {"right": "scripted:right", "wrong": "scripted:wrong"}
    examples = [example.model_copy(update={"options": FERRY_OPTIONS}) for example in make_ferry_examples()[:2]]
    write_json_lines(folder / "choices.jsonl", examples)
    common = {"questions": ferry_project / "questions.jsonl", "resamples": 200}
    benches = {
        "one": ferry_bench.model_copy(update={"models": models}),
        "places": PositionTask(**common, passages=(1, 2), gold_positions=3, models=two),
        "search": RetrievalTask(**common, retrievers=("bm25", "hybrid")),
        "choices": MultipleChoiceTask(
            questions=folder / "choices.jsonl", models=two, resamples=200, scoring="logprobs"
        ),
    }
    for name, settings in benches.items():
        BenchStage(settings, ferry_project / "corpus", ferry_project / "index", folder / name, load_ferry_model).run()
    for language, names in (("en", list(benches)), ("ru", ["one", "places"])):
        settings = ReportSettings(title="A & <B>", language=language)
        ReportStage(settings, [folder / name for name in names], folder / f"report-{language}").run()
    return folder / "report-en"
