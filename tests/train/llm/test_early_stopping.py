"""The general loss is logged, and training stops when it rises too much."""

import json
from pathlib import Path

import pytest

import opora
from opora.artifacts import read_json_lines, read_manifest, write_json_lines
from opora.errors import InputError, OporaError
from opora.train.llm.early_stopping import Regression, find_regression
from opora.train.llm.encoding import encode_examples
from opora.train.llm.stage import AdapterStage
from opora.train.objectives.sft import SftSettings
from tests.factories import (
    compute_held_out_loss,
    interrupt_at_step,
    launch_training,
    make_chat_row,
    make_dataset,
    make_pair_row,
    make_train_settings,
    read_evaluations,
)


@pytest.fixture(scope="module")
def project(tiny_model, tmp_path_factory):
    """Make an adapter trained on chats, `train/known`, and datasets with different answers."""
    folder = tmp_path_factory.mktemp("fall")
    chats = [make_chat_row(n, answer="north five.") for n in range(16)]
    make_dataset(folder / "dataset" / "chats", chats)
    make_dataset(
        folder / "dataset" / "raft",
        [make_chat_row(n) for n in range(16)],
        [make_chat_row(n) for n in range(20, 24)],
    )
    make_dataset(folder / "dataset" / "pairs", [make_pair_row(n) for n in range(16)], [make_pair_row(20)])
    write_json_lines(folder / "general.jsonl", chats[:6])
    settings = make_train_settings(tiny_model, dataset="chats", epochs=10)
    AdapterStage(settings, folder / "dataset", folder / "train" / "known").run()
    return folder


@pytest.fixture(scope="module")
def limit(project, tiny_model):
    """Return a limit of the loss increase that is kept at step 6 and exceeded at step 9."""
    AdapterStage(watched(tiny_model, project), project / "dataset", project / "train" / "free").run()
    general = curve(project / "train" / "free")
    assert max(general[3], general[6]) < general[9]
    return (general[6] + general[9]) / 2 - general[0]


@pytest.fixture
def run(project, tiny_model, tmp_path):
    def run(name="out", **changes):
        return AdapterStage(watched(tiny_model, project, **changes), project / "dataset", tmp_path / name).run()

    return run


def watched(tiny_model, project, **changes):
    known_model = f"hf:{tiny_model}+{project / 'train' / 'known'}"
    base = {"model": known_model, "regression_set": project / "general.jsonl", "epochs": 6, "eval_every": 3, "lr": 3e-3}
    return make_train_settings(tiny_model, **{**base, **changes})


def curve(folder, key="eval_general_loss"):
    return {row["step"]: row[key] for row in read_evaluations(folder)}


def test_both_losses_are_logged_from_step_0(run, project, tiny_model, tmp_path):
    manifest = run()
    general, domain = curve(tmp_path / "out"), curve(tmp_path / "out", "eval_loss")
    assert list(general) == list(domain) == list(range(0, 25, 3))
    assert domain[24] < 0.5 * domain[0]
    assert general[24] > 2 * general[0], "it forgets what it is no longer trained on"
    known, trained = (f"hf:{tiny_model}+{folder}" for folder in (project / "train" / "known", tmp_path / "out"))
    assert compute_held_out_loss(known, project / "general.jsonl") == pytest.approx(general[0], rel=1e-4)
    assert compute_held_out_loss(trained, project / "general.jsonl") == pytest.approx(general[24], rel=1e-4)
    assert manifest.counts == {"examples": 16, "held_out": 4, "steps": 24, "regression_set": 6}
    assert (manifest.results["general_loss_before"], manifest.results["general_loss"]) == (general[0], general[24])
    assert "stopped" not in manifest.results


def test_general_loss_is_the_same_for_every_objective(run, tmp_path):
    run("sft", max_steps=1)
    run("simpo", max_steps=1, method="simpo", dataset="pairs")
    assert curve(tmp_path / "simpo")[0] == pytest.approx(curve(tmp_path / "sft")[0], rel=1e-5)


def test_early_stopping_keeps_the_adapter_of_the_previous_evaluation(run, limit, project, tiny_model, tmp_path, capsys):
    manifest = run(max_general_loss_increase=limit, save_at=(0.25, 0.9))
    out = tmp_path / "out"
    general = curve(out)
    assert list(general) == [0, 3, 6, 9]
    assert general[6] - general[0] < limit < general[9] - general[0]
    assert compute_held_out_loss(f"hf:{tiny_model}+{out}", project / "general.jsonl") == pytest.approx(
        general[6], rel=1e-4
    )
    assert (out / "adapter" / "adapter_model.safetensors").read_bytes() == (
        out / "checkpoint-25" / "adapter" / "adapter_model.safetensors"
    ).read_bytes(), "a quarter of 24 steps are 6"
    stopped = manifest.results["stopped"]
    assert (stopped["step"], stopped["saved_step"], manifest.counts["steps"]) == (9, 6, 9)
    assert stopped["loss_increase"] == pytest.approx(general[9] - general[0])
    assert manifest.results["valid_loss"] == curve(out, "eval_loss")[6]
    said = capsys.readouterr().err
    increase = f"{general[9] - general[0]:.2f} nats per token"
    assert f"train out: stopped at step 9: the general loss has risen by {increase}" in said
    assert "the adapter is that of step 6; checkpoints not reached: checkpoint-90" in said
    assert stopped["reason"] in (out / "README.md").read_text()


def test_no_early_stopping_within_the_limit(run, tmp_path):
    whole, watched = run("whole"), run("watched", max_general_loss_increase=100.0)
    weights = "adapter/adapter_model.safetensors"
    assert whole.files[weights] == watched.files[weights]


def test_regression_by_the_first_evaluation_is_an_error(run, limit, tmp_path):
    with pytest.raises(
        OporaError,
        match=r"step 9: .* by \d.\d\d nats per token, more than max_general_loss_increase .*, by the first evaluation",
    ):
        run(max_general_loss_increase=limit, eval_every=9)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("checkpoint_every", [4, 6, 7])
def test_killed_run_stops_at_the_same_step(run, limit, monkeypatch, checkpoint_every):
    from opora.train.llm import trainer

    changes = {"max_general_loss_increase": limit, "checkpoint_every": checkpoint_every}
    whole = run("whole", **changes)
    with monkeypatch.context() as patch:
        patch.setattr(trainer, "learning_rate", interrupt_at_step(8))
        with pytest.raises(KeyboardInterrupt):
            run(**changes)
    assert run(**changes).fingerprint == whole.fingerprint


def test_key_depends_on_the_regression_set(run, project, tmp_path):
    rows = [row for _, row in read_json_lines(project / "general.jsonl")]
    write_json_lines(tmp_path / "fewer.jsonl", rows[1:])
    first = run(regression_set=tmp_path / "fewer.jsonl", max_steps=1)
    write_json_lines(tmp_path / "fewer.jsonl", rows)
    assert run(regression_set=tmp_path / "fewer.jsonl", max_steps=1).key != first.key


def test_long_chat_is_dropped_and_listed(run, tmp_path):
    long = make_chat_row(0)
    long["messages"][1]["content"] = "fee " * 600
    write_json_lines(tmp_path / "long.jsonl", [make_chat_row(1), long])
    manifest = run(regression_set=tmp_path / "long.jsonl", max_steps=1)
    assert (manifest.counts["regression_set"], manifest.dropped) == (1, {"too long": 1})
    [(_, dropped)] = read_json_lines(tmp_path / "out" / "dropped.jsonl")
    assert (dropped["dataset"], dropped["row"]) == ("regression_set", "long.jsonl:2")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (None, r"regression_set is .*g.jsonl: no such file"),
        ([], r"g.jsonl: no chat has at most 512 tokens"),
        ([make_chat_row(0), {"text": "?"}], r"g.jsonl:2: messages are missing"),
        ([make_chat_row(0, answer="")], r"g.jsonl:1: the answer is empty"),
    ],
)
def test_wrong_regression_set(run, tmp_path, rows, message):
    if rows is not None:
        write_json_lines(tmp_path / "g.jsonl", rows)
    with pytest.raises(InputError, match=message):
        run(regression_set=tmp_path / "g.jsonl")


def test_limit_needs_a_regression_set():
    with pytest.raises(ValueError, match="max_general_loss_increase needs regression_set"):
        SftSettings(max_general_loss_increase=0.1)


@pytest.mark.parametrize(
    ("losses", "limit", "steps"),
    [
        ([2.0, 2.1, 2.3], 0.2, (3, 2)),
        ([2.0, 2.3, 2.1], 0.2, (2, 1)),
        ([2.0, 1.5, 1.9], 0.2, None),  # against the first, not against the best
        ([2.0, 9.0], None, None),
        ([2.0], 0.2, None),
        ([], 0.2, None),
    ],
)
def test_find_regression(losses, limit, steps):
    log = [{"step": n, "eval_general_loss": loss} for n, loss in enumerate(losses, 1)]
    regression = find_regression([{"step": 0, "eval_loss": 1.0}, *log], limit)
    assert (regression and (regression.step, regression.saved_step)) == steps
    assert regression is None or regression == Regression(*steps, losses[regression.step - 1] - losses[0])


def test_regression_set_of_the_sample_shares_no_question(tiny_model):
    from transformers import AutoTokenizer

    sample = Path(opora.__file__).parent / "projects" / "benchmark"
    units, dropped = encode_examples(
        sample / "regression-set.en.jsonl", AutoTokenizer.from_pretrained(str(tiny_model)), 512
    )
    assert (len(units), len({unit.id for unit in units}), dropped) == (24, 24, [])
    questions = {row["question"] for _, row in read_json_lines(sample / "questions.en.jsonl")}
    assert not questions & {
        row["messages"][0]["content"] for _, row in read_json_lines(sample / "regression-set.en.jsonl")
    }


@pytest.mark.slow
def test_two_processes_stop_at_the_same_step(project, limit, tiny_model):
    entry = watched(tiny_model, project, max_general_loss_increase=limit).model_dump(mode="json")
    (project / "opora.yaml").write_text(json.dumps({"train": {"one": entry, "two": entry}}))
    for name, processes in (("one", 1), ("two", 2)):
        said = launch_training(project, name, processes)
        assert said.count("stopped at step 9") == 1
    one, two = (read_manifest(project / "train" / name) for name in ("one", "two"))
    for key in ("step", "saved_step"):
        assert one.results["stopped"][key] == two.results["stopped"][key]
    assert one.results["general_loss"] == pytest.approx(two.results["general_loss"], rel=1e-4)
