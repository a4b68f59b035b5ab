"""Preference pairs: their rows, their losses against the formulas, whole runs."""

import json
import math

import pytest
import torch

from opora.artifacts import read_json_lines, write_json_lines
from opora.errors import InputError
from opora.train.engine.engine import Engine
from opora.train.engine.reference import PlainScorer
from opora.train.examples import Row, Unit, encode_rows
from opora.train.objectives.dpo import dpo_loss
from opora.train.objectives.simpo import simpo_loss
from opora.train.settings import LoraSettings, TrainSettings
from tests.train.engine.test_engine import adapt, draw, make, plain
from tests.train.llm.test_stage import make_dataset

WORDS = "fee day Monday EUR passage answer question north five ferry".split()


def message(role, content):
    return {"role": role, "content": content}


def pair(number, chosen="it is five. [1]", rejected="north north"):
    words = " ".join(WORDS[(number + n) % len(WORDS)] for n in range(4))
    return {
        "id": f"p{number}",
        "prompt": [message("system", "Answer."), message("user", words)],
        "chosen": [message("assistant", chosen)],
        "rejected": [message("assistant", rejected)],
    }


def pairs():
    first, second = draw("pair")
    third, fourth = draw("pair", seed=1)
    return [Unit("a", (first, second)), Unit("b", (third, Row(third.prompt, fourth.answer)))]


def drawn_model():
    return adapt(make("llama")).eval()


@pytest.mark.parametrize("scorer", [PlainScorer, Engine])
def test_simpo_is_its_formula(scorer):
    model, units = drawn_model(), pairs()
    with torch.no_grad():
        means = [[float(each.mean()) for each in plain(model, unit.rows)] for unit in units]
    output = simpo_loss(scorer(model), units, TrainSettings(method="simpo", beta=2.5, gamma=0.7))
    margins = [2.5 * chosen - 2.5 * rejected for chosen, rejected in means]
    assert float(output.loss) == pytest.approx(sum(math.log(1 + math.exp(0.7 - each)) for each in margins), rel=1e-4)
    assert output.figures["rewards/margins"] == (pytest.approx(sum(margins), rel=1e-4), 2)
    assert output.figures["rewards/accuracies"] == (sum(each > 0 for each in margins), 2)


@pytest.mark.parametrize("scorer", [PlainScorer, Engine])
def test_dpo_is_its_formula(scorer):
    model, units = drawn_model(), pairs()
    with torch.no_grad():
        after = [[float(each.sum()) for each in plain(model, unit.rows)] for unit in units]
        with model.disable_adapter():
            before = [[float(each.sum()) for each in plain(model, unit.rows)] for unit in units]
    output = dpo_loss(scorer(model), units, TrainSettings(method="dpo", beta=0.3))
    rewards = [[0.3 * (x - y) for x, y in zip(*each, strict=True)] for each in zip(after, before, strict=True)]
    expected = sum(math.log(1 + math.exp(rejected - chosen)) for chosen, rejected in rewards)
    assert float(output.loss) == pytest.approx(expected, rel=1e-4)
    assert output.figures["rewards/chosen"][0] == pytest.approx(sum(each[0] for each in rewards), rel=1e-3)


def test_dpo_without_an_adapter_is_refused():
    with pytest.raises(InputError, match="the reference is the model with its adapter off; this one has none"):
        dpo_loss(Engine(make("llama")), pairs(), TrainSettings(method="dpo"))


def train(tiny_model, tmp_path, rows, **more):
    from opora.train.llm.stage import train as run

    make_dataset(tmp_path / "dataset" / "raft", rows, [pair(20)])
    base = {"model": f"hf:{tiny_model}", "device": "cpu", "precision": "fp32", "batch_size": 4, "lr": 1e-2, "epochs": 4,
            "lora": LoraSettings(r=4, alpha=8), "eval_every": 3}  # fmt: skip
    return run(TrainSettings(**{**base, **more}), tmp_path / "dataset", tmp_path / "out")


@pytest.mark.parametrize("method", ["simpo", "dpo"])
def test_a_run_widens_the_margin(tiny_model, tmp_path, method):
    manifest = train(tiny_model, tmp_path, [pair(n) for n in range(8)], method=method)
    log = [each for _, each in read_json_lines(tmp_path / "out" / "log.jsonl")]
    assert log[-1]["rewards/margins"] > log[1]["rewards/margins"]
    assert log[-1]["rewards/accuracies"] == 1.0
    assert log[-1]["eval_rewards/margins"] > 0
    assert ("kl" in log[-1]) == (method == "dpo")
    assert manifest.stage == f"train {method}"
    assert json.loads((tmp_path / "out" / "adapter" / "adapter_config.json").read_text())["r"] == 4


def test_the_reference_of_a_further_stage_is_the_stage_before(tiny_model, tmp_path):
    from opora.train.llm.stage import train as run

    train(tiny_model, tmp_path, [pair(n) for n in range(8)], method="simpo")
    base = {"model": f"hf:{tiny_model}+{tmp_path / 'out'}", "device": "cpu", "batch_size": 4, "lr": 1e-2, "epochs": 2,
            "lora": LoraSettings(r=4, alpha=8)}  # fmt: skip
    run(TrainSettings(method="dpo", **base), tmp_path / "dataset", tmp_path / "further")
    log = [each for _, each in read_json_lines(tmp_path / "further" / "log.jsonl")]
    assert log[1]["rewards/margins"] == pytest.approx(0.0, abs=1e-5)
    assert log[1]["kl"] == pytest.approx(0.0, abs=1e-5)
    assert log[-1]["rewards/margins"] > 0.01
    names = {each.name for each in (tmp_path / "further" / "adapter").iterdir()}
    assert "adapter_model.safetensors" in names
    assert "reference" not in names


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"id": "a", "messages": []}, r"train.jsonl:1: prompt is missing; a row is {'id'"),
        ({**pair(0), "rejected": []}, r"train.jsonl:1: rejected is missing"),
        (pair(0, chosen=" "), r"train.jsonl:1: the answer is empty"),
        ({**pair(0), "chosen": [message("user", "?")]}, r"train.jsonl:1: a training chat ends with a message"),
    ],
)
def test_a_wrong_pair_is_named(tiny_model, tmp_path, row, message):
    with pytest.raises(InputError, match=message):
        train(tiny_model, tmp_path, [row], method="dpo")


def test_a_pair_of_equal_answers_is_dropped_and_counted(tiny_model, tmp_path):
    manifest = train(tiny_model, tmp_path, [pair(0), pair(1, rejected="it is five. [1]")], method="simpo", epochs=1)
    assert manifest.dropped == {"chosen equals rejected": 1}
    [(_, dropped)] = read_json_lines(tmp_path / "out" / "dropped.jsonl")
    assert (dropped["id"], dropped["row"]) == ("p1", "train.jsonl:2")


def test_pairs_are_no_examples(tiny_model, tmp_path):
    from transformers import AutoTokenizer

    write_json_lines(tmp_path / "t.jsonl", [pair(0)])
    with pytest.raises(InputError, match=r"t.jsonl:1: is a pair of answers; train it by simpo or dpo"):
        encode_rows(tmp_path / "t.jsonl", AutoTokenizer.from_pretrained(str(tiny_model)), 100)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"beta": 0.5}, "beta is a setting of simpo and dpo"),
        ({"method": "dpo", "gamma": 0.5}, "gamma is a setting of simpo"),
    ],
)
def test_a_setting_of_another_method(more, message):
    with pytest.raises(ValueError, match=message):
        TrainSettings(**more)
