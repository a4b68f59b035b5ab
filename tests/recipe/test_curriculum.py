"""A curriculum: stages with mixes of their own, each from the one before; what is kept on the way can be benched."""

import json

import pytest
import yaml
from opora.recipe.stages import stage_named, stages_of

from opora.artifacts import read_manifest
from opora.bench.stage import read_table
from opora.errors import InputError
from opora.recipe.plan import plan
from opora.recipe.recipe import load_recipe
from opora.recipe.run import run, with_needs
from tests.factories import make_dataset, make_preference_row, make_training_row

BASE = {"device": "cpu", "precision": "fp32", "batch_size": 4, "epochs": 2, "lora": {"r": 4, "alpha": 8}}
QUESTION = {
    "id": "1",
    "question": "What is the fee?",
    "answer": "12 EUR.",
    "split": "test",
    "facts": {"must": [["12"]]},
}


@pytest.fixture
def project(tmp_path, tiny_model, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make_dataset(tmp_path / "dataset" / "raft", [make_training_row(n) for n in range(8)], [make_training_row(20)])
    make_dataset(tmp_path / "dataset" / "chats", [make_training_row(n) for n in range(30, 40)])
    make_dataset(tmp_path / "dataset" / "pairs", [make_preference_row(n) for n in range(10)])
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "fees.md").write_text("# Fees\n\nThe fee is 12 EUR a day.\n")
    (tmp_path / "questions.jsonl").write_text(json.dumps(QUESTION) + "\n")
    model = f"hf:{tiny_model}"
    train = {
        "preferred": {"method": "simpo", "dataset": "pairs", "model": f"{model}+train/second", "save_at": [0.6, 0.8]},
        "second": {"dataset": {"chats": 0.5}, "model": f"{model}+train/first"},
        "first": {"dataset": {"raft": 1.0, "chats": 0.6}, "model": model},
    }
    names = {"SimPO 60 %": "/checkpoint-60", "SimPO 80 %": "/checkpoint-80", "SimPO": ""}
    rows = {name: f"{model}+train/preferred{end}" for name, end in names.items()}
    ask = {"top_k": 1, "generation": {"max_new_tokens": 2, "device": "cpu"}}
    recipe = {
        "train": {name: {**BASE, **more} for name, more in train.items()},
        "bench": {"b": {"models": rows, "ask": ask}},
    }
    (tmp_path / "opora.yaml").write_text(yaml.safe_dump(recipe, sort_keys=False))
    return tmp_path


def stages(project, *overrides):
    return stages_of(load_recipe(overrides=overrides), project)


def states(project, *overrides):
    return {line.stage.name: (line.state, line.reason) for line in plan(stages(project, *overrides))}


def test_each_stage_goes_on_from_the_one_before_and_only_stale_ones_are_redone(project):
    made = []
    every = stages(project)
    run(with_needs(every, [stage_named(every, "bench.b")]), lambda stage, manifest, fresh: made.append(stage.name))
    assert made == ["ingest", "index", "train.first", "train.second", "train.preferred", "bench.b"]
    first, second, preferred = (read_manifest(project / "train" / name) for name in ("first", "second", "preferred"))
    assert [each.counts["examples"] for each in (first, second, preferred)] == [14, 5, 10]
    assert second.results["first_loss"] < first.results["first_loss"]
    assert len({first.inputs["model"], second.inputs["model"], preferred.inputs["model"]}) == 3

    table = read_table(project / "bench" / "b")
    assert [each.name for each in table.rows] == ["SimPO 60 %", "SimPO 80 %", "SimPO"]
    assert len(set(read_manifest(project / "bench" / "b").models.values())) == 3

    trained = ("train.first", "train.second", "train.preferred")
    assert {states(project)[name] for name in (*trained, "bench.b")} == {("done", "")}
    changed = states(project, "train.preferred.gamma=0.5")
    assert [changed[name][0] for name in (*trained, "bench.b")] == ["done", "done", "stale", "stale"]
    changed = states(project, "train.first.lr=1e-3")
    assert [changed[name] for name in (*trained, "bench.b")] == [
        ("stale", "settings changed: lr"),
        ("stale", "after train.first"),
        ("stale", "after train.second"),
        ("stale", "after train.preferred"),
    ]


def test_a_stage_goes_on_from_an_adapter_kept_on_the_way(project, tiny_model):
    more = ["train.first.save_at=[0.5]", f"train.second.model=hf:{tiny_model}+train/first/checkpoint-50"]
    every = stages(project, *more)
    run(with_needs(every, [stage_named(every, "train.second")]))
    kept = read_manifest(project / "train" / "first").files["checkpoint-50/adapter/adapter_model.safetensors"]
    whole = read_manifest(project / "train" / "first").files["adapter/adapter_model.safetensors"]
    assert kept != whole
    assert states(project, *more)["train.second"] == ("done", "")
    assert states(project, more[0])["train.second"] == ("stale", "settings changed: model; input changed: model")


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (
            ["bench.b.models={x: smollm2+train/preferred/checkpoint-50}"],
            r"bench.b.models: train/preferred keeps at-60 and at-80, not at-50; see the setting train.preferred.keep",
        ),
        (["train.second.model=smollm2+train/first/checkpoint-60"], r"train.second.model: train/first keeps none, not at-60"),
    ],
)
def test_a_fraction_that_is_not_kept(project, overrides, message):
    with pytest.raises(InputError, match=message):
        stages(project, *overrides)
