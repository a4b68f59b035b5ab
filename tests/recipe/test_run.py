"""A run makes what is not up to date, and nothing twice."""

import json

import pytest

from opora.errors import InputError
from opora.recipe.plan import find_stage, plan, run, stages_of, with_needs
from opora.recipe.recipe import load_recipe

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
dataset: {raft: {valid_share: 0.0}}
bench: {main: {models: {extractive: extractive, scripted: scripted}}}
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "rules.md").write_text(RULES)
    (tmp_path / "documents" / "ships.md").write_text(SHIPS)
    (tmp_path / "questions.jsonl").write_text("".join(json.dumps(question) + "\n" for question in QUESTIONS))
    (tmp_path / "opora.yaml").write_text(RECIPE)
    return tmp_path


def stages(*overrides):
    return stages_of(load_recipe(overrides=overrides))


def states(*overrides):
    return {line.name: (line.state, line.reason) for line in plan(load_recipe(overrides=overrides))}


def edit_manifest(folder, **changes):
    path = folder / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_the_second_run_repeats_nothing(project):
    runs = []
    for _ in range(2):
        run(stages(), lambda outcome: runs.append((outcome.stage.out.as_posix(), outcome.is_new)))
    folders = ["corpus", "index", "dataset/raft", "bench/main", "report"]
    assert runs == [(folder, True) for folder in folders] + [(folder, False) for folder in folders]


def test_a_plan_shows_what_is_up_to_date_stale_and_missing(project):
    assert states()["ingest"] == ("missing", "")
    assert states()["index"] == ("missing", "after ingest")
    run(stages())
    assert {state for state, _ in states().values()} == {"up to date"}
    changed = states("bench.main.ask.top_k=2")
    assert changed["bench.main"] == ("stale", "settings changed: ask")
    assert changed["report"] == ("stale", "after bench.main")
    assert changed["dataset.raft"][0] == "up to date"
    (project / "documents" / "more.md").write_text("# More\n\nMore text.\n")
    assert states()["ingest"] == ("stale", "input changed: documents")
    assert states()["dataset.raft"] == ("stale", "after ingest, index")


def test_an_artefact_of_another_version_is_rebuilt_with_one_line(project, capsys):
    run(stages()[:1])
    edit_manifest(project / "corpus", packages={"opora": "0.1.0"}, marks={})
    assert states()["ingest"] == ("stale", "made by opora 0.1.0")
    run(stages()[:1])
    assert "opora: corpus: made by opora 0.1.0; rebuilding\n" in capsys.readouterr().err
    assert states()["ingest"] == ("up to date", "")


def test_a_damaged_artefact_is_rebuilt_with_one_line(project, capsys):
    run(stages()[:1])
    (project / "corpus" / "passages.parquet").write_bytes(b"")
    assert states()["ingest"] == ("stale", "passages.parquet is damaged")
    run(stages()[:1])
    assert "opora: corpus: passages.parquet is damaged; rebuilding\n" in capsys.readouterr().err
    assert states()["ingest"] == ("up to date", "")


def test_the_time_of_a_run_with_other_settings_is_not_expected_again(project):
    run(stages())
    (project / "documents" / "more.md").write_text("# More\n\nMore text.\n")
    seconds = {line.name: line.last_seconds for line in plan(load_recipe(overrides=["bench.main.ask.top_k=2"]))}
    assert seconds["ingest"] is not None
    assert seconds["bench.main"] is None


def test_one_stage_with_what_it_needs(project):
    assert [stage.name for stage in with_needs(stages(), ["dataset.raft"])] == ["ingest", "index", "dataset.raft"]


def test_a_wrong_stage_names_the_nearest(project):
    with pytest.raises(InputError, match=r"stage bench.man is unknown; did you mean bench.main\?"):
        find_stage(stages(), "bench.man")


@pytest.mark.parametrize(
    ("train", "message"),
    [
        (
            "{a: {dataset: d, model: smollm2+train/b}, b: {dataset: d, model: smollm2+train/a}}",
            "opora.yaml: train.. -> train.. -> train.. need each other in a cycle",
        ),
        ("{a: {dataset: dd}}", r"train.a.dataset: 'dd' is unknown; did you mean d\?|known: d"),
    ],
)
def test_a_recipe_that_cannot_be_trained(project, train, message):
    (project / "opora.yaml").write_text(f"dataset: {{d: {{}}}}\ntrain: {train}\n")
    with pytest.raises(InputError, match=message):
        stages()


@pytest.mark.parametrize(
    ("stage", "calls", "has_time"), [("ingest", 0, True), ("dataset.raft", 0, True), ("bench.main", 2, False)]
)
def test_estimates(project, stage, calls, has_time):
    estimate = find_stage(stages(), stage).stage.estimate(load_recipe())
    assert estimate.calls == calls
    assert (estimate.seconds is not None) is has_time
