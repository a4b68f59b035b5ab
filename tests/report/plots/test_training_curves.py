"""Training curves in the report: those of the adapters that the benchmark measured, and no others."""

import json
import re

import pytest

from opora.artifacts import Build, write_json_lines
from opora.bench.stage import BenchStage
from opora.report.plots.render import render_plot
from opora.report.plots.training_curves import Evaluation, TrainingCurve, read_training_curves, training_plot
from opora.report.results import report_words
from opora.report.settings import ReportSettings
from opora.report.stage import ReportStage
from opora.validation import Settings
from tests.factories import FerryModel

LOG = [
    {"step": 0, "eval_loss": 2.0, "eval_general_loss": 1.5, "num_tokens": 0},
    {"step": 1, "loss": 1.9},
    {"step": 2, "loss": 1.2, "eval_loss": 1.1, "eval_general_loss": 1.625},
]
STOPPED = {"stopped": {"step": 2, "saved_step": 0}}


class Training(Settings):
    method: str = "sft"
    max_general_loss_increase: float | None = 0.1


def make_training(folder, weights=b"w", log=LOG):
    with Build(folder, "train sft", Training(), inputs={"weights": weights.decode(), "log": str(log)}) as build:
        for name in ("adapter", "checkpoint-50/adapter"):
            (build.path / name).mkdir(parents=True)
            (build.path / name / "adapter_model.safetensors").write_bytes(weights + name.encode())
            (build.path / name / "adapter_config.json").write_text("{}")
        write_json_lines(build.path / "log.jsonl", log)
        build.publish(results=STOPPED)


@pytest.fixture
def run_bench(ferry_project, ferry_bench, tmp_path, monkeypatch):
    """Function that makes `bench/` with a base model and two adapters of one training."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "config.json").write_text("{}")
    make_training(tmp_path / "train" / "raft")
    models = {"base": "hf:base", "<b>50 %": "hf:base+train/raft/checkpoint-50", "RAFT": "hf:base+train/raft"}
    settings = ferry_bench.model_copy(update={"models": models})
    stage = BenchStage(
        settings, ferry_project / "corpus", ferry_project / "index", tmp_path / "bench",
        lambda spec, settings: FerryModel("scripted:right"),
    )  # fmt: skip
    return stage.run


def report(tmp_path):
    return ReportStage(ReportSettings(), [tmp_path / "bench"], tmp_path / "report").run()


def test_one_curve_for_all_adapters_of_a_training(run_bench):
    [curve] = read_training_curves(run_bench())
    assert (curve.training, curve.rows, curve.method) == ("train/raft", ("<b>50 %", "RAFT"), "sft")
    assert curve.evaluations == [Evaluation(0, 2.0, 1.5), Evaluation(2, 1.1, 1.625)]
    assert (curve.max_general_loss_increase, curve.saved_step) == (0.1, 0)


def test_the_report_shows_curve_and_numbers(run_bench, tmp_path):
    run_bench()
    report(tmp_path)
    page, markdown = ((tmp_path / "report" / name).read_text("utf-8") for name in ("report.html", "report.md"))
    assert "<h3>Training</h3>" in page
    assert "&lt;b&gt;50 %, RAFT: losses of train/raft by training step" in page
    assert "<td>1.100</td><td>1.625</td>" in page
    assert re.search(r"\| 2 +\| 1.100 +\| 1.625 +\|", markdown)
    pictures = re.findall(r"\]\(<(.+?)>\)", markdown)
    assert "plots/bench-curve-1.png" in pictures
    assert all((tmp_path / "report" / path).read_bytes().startswith(b"\x89PNG") for path in pictures)
    [benchmark] = json.loads((tmp_path / "report" / "report.json").read_text("utf-8"))["benchmarks"]
    [curve] = benchmark["curves"]
    assert curve["evaluations"][1] == {"step": 2, "domain": 1.1, "general": 1.625}
    assert curve["plot"] == "plots/bench-curve-1.png"


def test_a_new_log_makes_the_report_stale(run_bench, tmp_path):
    def key():
        return ReportStage(ReportSettings(), [tmp_path / "bench"], tmp_path / "report").build().key

    run_bench()
    before = key()
    assert key() == before
    make_training(tmp_path / "train" / "raft", log=LOG[:2])
    assert key() != before


@pytest.mark.parametrize("change", ["trained again", "gone", "without evaluations"])
def test_an_adapter_that_was_not_measured_has_no_curve(run_bench, tmp_path, change):
    manifest = run_bench()
    if change == "trained again":
        make_training(tmp_path / "train" / "raft", weights=b"v")
    elif change == "gone":
        (tmp_path / "train").rename(tmp_path / "elsewhere")
    else:
        make_training(tmp_path / "train" / "raft", log=[{"step": 1, "loss": 1.9}])
    assert read_training_curves(manifest) == []


def test_a_report_without_curves_has_no_training_section(run_bench, tmp_path):
    run_bench()
    (tmp_path / "train").rename(tmp_path / "elsewhere")
    report(tmp_path)
    assert "<h3>Training</h3>" not in (tmp_path / "report" / "report.html").read_text("utf-8")


@pytest.mark.parametrize("general", [None, 1.5])
def test_a_panel_for_each_set(general):
    def picture(evaluations, **more):
        fields = {"max_general_loss_increase": None, "saved_step": None, **more}
        curve = TrainingCurve("t", ("r",), "sft", evaluations, **fields)
        return render_plot(training_plot("c", curve, report_words("en"))).png

    evaluations = [Evaluation(0, 2.0, general), Evaluation(4, 1.0, general)]
    first = picture(evaluations)
    assert first == picture(evaluations)
    assert first != picture(evaluations, saved_step=0)
    heights = {int.from_bytes(png[20:24], "big") for png in (first, picture([Evaluation(0, None, 1.0)]))}
    assert len(heights) == (1 if general is None else 2)
