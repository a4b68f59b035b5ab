"""A run makes what is not done, and nothing twice."""

import json

import pytest

from opora.errors import InputError
from opora.recipe.estimate import estimate
from opora.recipe.plan import plan
from opora.recipe.recipe import load_recipe
from opora.recipe.run import run, with_needs
from opora.recipe.stages import stage_named, stages_of

RULES = "# Rules\n\n## Fees\n\nThe daily fee is 12 EUR. Children pay half of it.\n\n## Dogs\n\nDogs travel free.\n"
SHIPS = "# Ships\n\n## Aurora\n\nThe Aurora has forty cabins. She was built in 1998.\n"
QUESTIONS = [
    {"id": "1", "question": "What is the daily fee?", "answer": "It is 12 EUR.", "split": "test",
     "quotes": [{"document": "rules", "text": "The daily fee is 12 EUR."}], "facts": {"must": [["12"]]}},
    {"id": "2", "question": "How many cabins has the Aurora?", "answer": "Forty.", "split": "train",
     "quotes": [{"document": "ships", "text": "The Aurora has forty cabins."}], "facts": {"must": [["forty"]]}},
    {"id": "3", "question": "Who owns the zeppelin?", "answer": "-", "split": "test", "behavior": "refuse",
     "documents": ["rules"]},
]  # fmt: skip
RECIPE = """
dataset: {raft: {valid: 0.0}}
bench: {main: {models: {extractive: extractive, scripted: fake}}}
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "rules.md").write_text(RULES)
    (tmp_path / "documents" / "ships.md").write_text(SHIPS)
    (tmp_path / "questions.jsonl").write_text("".join(json.dumps(each) + "\n" for each in QUESTIONS))
    (tmp_path / "opora.yaml").write_text(RECIPE)
    return tmp_path


def stages(project, *overrides):
    return stages_of(load_recipe(overrides=overrides), project)


def states(project, *overrides):
    return {line.stage.name: (line.state, line.reason) for line in plan(stages(project, *overrides))}


def test_the_second_run_redoes_nothing(project):
    made = []
    for _ in range(2):
        run(stages(project), lambda stage, manifest, fresh: made.append((stage.name, fresh)))
    names = ["ingest", "index", "dataset.raft", "bench.main", "report"]
    assert made == [(name, True) for name in names] + [(name, False) for name in names]


def test_a_plan_knows_what_is_done_stale_and_to_do(project):
    assert states(project)["ingest"] == ("to do", "")
    assert states(project)["index"] == ("to do", "after ingest")
    run(stages(project))
    assert {state for state, _ in states(project).values()} == {"done"}
    changed = states(project, "bench.main.ask.top_k=2")
    assert changed["bench.main"] == ("stale", "settings changed: ask")
    assert changed["report"] == ("stale", "after bench.main")
    assert changed["dataset.raft"][0] == "done"
    (project / "documents" / "more.md").write_text("# More\n\nMore text.\n")
    assert states(project)["ingest"] == ("stale", "input changed: documents")
    assert states(project)["dataset.raft"] == ("stale", "after ingest, index")


def test_the_time_of_other_settings_is_not_expected_again(project):
    run(stages(project))
    (project / "documents" / "more.md").write_text("# More\n\nMore text.\n")
    took = {line.stage.name: line.last_seconds for line in plan(stages(project, "bench.main.ask.top_k=2"))}
    assert took["ingest"] is not None
    assert took["bench.main"] is None


def test_one_stage_with_what_it_needs(project):
    each = stages(project)
    chosen = with_needs(each, [stage_named(each, "dataset.raft")])
    assert [stage.name for stage in chosen] == ["ingest", "index", "dataset.raft"]


def test_a_wrong_stage_names_the_nearest(project):
    with pytest.raises(InputError, match=r"stage bench.man is unknown; did you mean bench.main\?"):
        stage_named(stages(project), "bench.man")


@pytest.mark.parametrize(
    ("train", "message"),
    [
        (
            "{a: {dataset: d, model: smollm2+train/b}, b: {dataset: d, model: smollm2+train/a}}",
            "each other in a circle",
        ),
        ("{a: {dataset: dd}}", r"train.a.dataset: 'dd' is unknown; did you mean d\?|known: d"),
    ],
)
def test_training_that_cannot_be(project, train, message):
    (project / "opora.yaml").write_text(f"dataset: {{d: {{}}}}\ntrain: {train}\n")
    with pytest.raises(InputError, match=message):
        stages(project)


@pytest.mark.parametrize(
    ("stage", "calls", "knows"), [("ingest", 0, True), ("dataset.raft", 0, True), ("bench.main", 2, False)]
)
def test_estimates(project, stage, calls, knows):
    expected = estimate(load_recipe(), stage, project)
    assert expected.calls == calls
    assert (expected.seconds is not None) is knows
