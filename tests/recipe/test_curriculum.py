"""A curriculum: trainings that continue each other, on mixtures of datasets; benchmarks of their checkpoints."""

import json

import pytest
import yaml

from opora.artifacts import read_manifest
from opora.bench.results.files import read_table
from opora.errors import InputError
from opora.recipe.plan import plan, run, stages_of, with_needs
from opora.recipe.recipe import load_recipe
from tests.factories import make_chat_row, make_dataset, make_pair_row

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
    make_dataset(tmp_path / "dataset" / "raft", [make_chat_row(n) for n in range(8)], [make_chat_row(20)])
    make_dataset(tmp_path / "dataset" / "chats", [make_chat_row(n) for n in range(30, 40)])
    make_dataset(tmp_path / "dataset" / "pairs", [make_pair_row(n) for n in range(10)])
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


def stages(*overrides):
    return stages_of(load_recipe(overrides=overrides))


def states(*overrides):
    return {line.name: (line.state, line.reason) for line in plan(load_recipe(overrides=overrides))}


def test_each_training_continues_the_one_before_and_only_stale_ones_are_repeated(project):
    folders = []
    run(with_needs(stages(), ["bench.b"]), lambda outcome: folders.append(outcome.stage.out.as_posix()))
    assert folders == ["corpus", "index", "train/first", "train/second", "train/preferred", "bench/b"]
    first, second, preferred = (read_manifest(project / "train" / name) for name in ("first", "second", "preferred"))
    assert [manifest.counts["examples"] for manifest in (first, second, preferred)] == [14, 5, 10]
    assert second.results["first_loss"] < first.results["first_loss"]
    assert len({first.inputs["model"], second.inputs["model"], preferred.inputs["model"]}) == 3

    table = read_table(project / "bench" / "b")
    assert [row.name for row in table.rows] == ["SimPO 60 %", "SimPO 80 %", "SimPO"]
    assert len(set(read_manifest(project / "bench" / "b").models.values())) == 3

    trained = ("train.first", "train.second", "train.preferred")
    assert {states()[name] for name in (*trained, "bench.b")} == {("up to date", "")}
    changed = states("train.preferred.gamma=0.5")
    assert [changed[name][0] for name in (*trained, "bench.b")] == ["up to date", "up to date", "stale", "stale"]
    changed = states("train.first.lr=1e-3")
    assert [changed[name] for name in (*trained, "bench.b")] == [
        ("stale", "settings changed: lr"),
        ("stale", "after train.first"),
        ("stale", "after train.second"),
        ("stale", "after train.preferred"),
    ]


def test_a_training_continues_from_a_saved_checkpoint(project, tiny_model):
    overrides = ["train.first.save_at=[0.5]", f"train.second.model=hf:{tiny_model}+train/first/checkpoint-50"]
    run(with_needs(stages(*overrides), ["train.second"]))
    files = read_manifest(project / "train" / "first").files
    assert files["checkpoint-50/adapter/adapter_model.safetensors"] != files["adapter/adapter_model.safetensors"]
    assert states(*overrides)["train.second"] == ("up to date", "")
    assert states(overrides[0])["train.second"] == ("stale", "settings changed: model; input changed: model")


@pytest.mark.parametrize(
    ("override", "message"),
    [
        (
            "bench.b.models={x: smollm2+train/preferred/checkpoint-50}",
            "bench.b.models: train/preferred saves .*checkpoint-60.*, not checkpoint-50",
        ),
        ("train.second.model=smollm2+train/first/checkpoint-60", "train.second.model: train/first .* checkpoint-60"),
    ],
)
def test_a_checkpoint_that_is_not_saved(project, override, message):
    with pytest.raises(InputError, match=message):
        stages(override)
