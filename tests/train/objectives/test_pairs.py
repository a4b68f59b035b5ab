"""Training on preference pairs: dataset rows, losses against the formulas, whole runs."""

import json
import math

import pytest
import torch

from opora.artifacts import read_json_lines, write_json_lines
from opora.errors import InputError
from opora.train.engine.engine import Engine
from opora.train.engine.verify import PlainScorer
from opora.train.llm.encoding import encode_examples
from opora.train.llm.stage import AdapterStage
from opora.train.objectives.dpo import Dpo, DpoSettings
from opora.train.objectives.sft import SftSettings
from opora.train.objectives.simpo import Simpo, SimpoSettings
from opora.train.scorer import TokenizedExample, TokenizedRow
from tests.factories import (
    add_random_adapter,
    compute_logprobs,
    draw_token_rows,
    make_causal_model,
    make_pair_row,
    make_train_settings,
    train_on_pairs,
)


def make_pairs():
    first, second = draw_token_rows("pair")
    third, fourth = draw_token_rows("pair", seed=1)
    rejected = TokenizedRow(third.prompt, fourth.answer)
    return [TokenizedExample("a", (first, second)), TokenizedExample("b", (third, rejected))]


def make_adapted_model():
    return add_random_adapter(make_causal_model("llama")).eval()


@pytest.mark.parametrize("scorer", [PlainScorer, Engine])
def test_simpo_equals_its_formula(scorer):
    model, examples = make_adapted_model(), make_pairs()
    with torch.no_grad():
        means = [[float(logprobs.mean()) for logprobs in compute_logprobs(model, example.rows)] for example in examples]
    output = Simpo(SimpoSettings(beta=2.5, gamma=0.7)).loss(scorer(model), examples)
    margins = [2.5 * chosen - 2.5 * rejected for chosen, rejected in means]
    assert float(output.loss) == pytest.approx(
        sum(math.log(1 + math.exp(0.7 - margin)) for margin in margins), rel=1e-4
    )
    assert output.metrics["rewards/margins"] == (pytest.approx(sum(margins), rel=1e-4), 2)
    assert output.metrics["rewards/accuracies"] == (sum(margin > 0 for margin in margins), 2)


@pytest.mark.parametrize("scorer", [PlainScorer, Engine])
def test_dpo_equals_its_formula(scorer):
    model, examples = make_adapted_model(), make_pairs()
    with torch.no_grad():
        after = [[float(logprobs.sum()) for logprobs in compute_logprobs(model, example.rows)] for example in examples]
        with model.disable_adapter():
            before = [
                [float(logprobs.sum()) for logprobs in compute_logprobs(model, example.rows)] for example in examples
            ]
    output = Dpo(DpoSettings(beta=0.3)).loss(scorer(model), examples)
    rewards = [[0.3 * (x - y) for x, y in zip(*pair, strict=True)] for pair in zip(after, before, strict=True)]
    expected = sum(math.log(1 + math.exp(rejected - chosen)) for chosen, rejected in rewards)
    assert float(output.loss) == pytest.approx(expected, rel=1e-4)
    assert output.metrics["rewards/chosen"][0] == pytest.approx(sum(chosen for chosen, _ in rewards), rel=1e-3)


def test_dpo_without_an_adapter():
    with pytest.raises(InputError, match="the reference is the model without its adapter, but this model has none"):
        Dpo(DpoSettings()).loss(Engine(make_causal_model("llama")), make_pairs())


@pytest.mark.parametrize("method", ["simpo", "dpo"])
def test_run_widens_the_margin(tiny_model, tmp_path, method):
    manifest = train_on_pairs(tiny_model, tmp_path, [make_pair_row(n) for n in range(8)], method=method)
    log = [row for _, row in read_json_lines(tmp_path / "out" / "log.jsonl")]
    assert log[-1]["rewards/margins"] > log[1]["rewards/margins"]
    assert log[-1]["rewards/accuracies"] == 1.0
    assert log[-1]["eval_rewards/margins"] > 0
    assert ("kl" in log[-1]) == (method == "dpo")
    assert manifest.stage == f"train {method}"
    assert json.loads((tmp_path / "out" / "adapter" / "adapter_config.json").read_text())["r"] == 4


def test_reference_of_further_training_is_the_previous_adapter(tiny_model, tmp_path):
    train_on_pairs(tiny_model, tmp_path, [make_pair_row(n) for n in range(8)], method="simpo")
    settings = make_train_settings(f"{tiny_model}+{tmp_path / 'out'}", "dpo", epochs=2, precision="auto")
    AdapterStage(settings, tmp_path / "dataset", tmp_path / "further").run()
    log = [row for _, row in read_json_lines(tmp_path / "further" / "log.jsonl")]
    assert log[1]["rewards/margins"] == pytest.approx(0.0, abs=1e-5)
    assert log[1]["kl"] == pytest.approx(0.0, abs=1e-5)
    assert log[-1]["rewards/margins"] > 0.01
    names = {path.name for path in (tmp_path / "further" / "adapter").iterdir()}
    assert "adapter_model.safetensors" in names
    assert "reference" not in names


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"id": "a", "messages": []}, r"train.jsonl:1: prompt is missing; a row has the form {'id'"),
        ({**make_pair_row(0), "rejected": []}, r"train.jsonl:1: rejected is missing"),
        (make_pair_row(0, chosen=" "), r"train.jsonl:1: the answer is empty"),
        (
            {**make_pair_row(0), "chosen": [{"role": "user", "content": "?"}]},
            r"train.jsonl:1: a training chat must end with a message",
        ),
    ],
)
def test_wrong_pair(tiny_model, tmp_path, row, message):
    with pytest.raises(InputError, match=message):
        train_on_pairs(tiny_model, tmp_path, [row], method="dpo")


def test_pair_of_equal_answers_is_dropped(tiny_model, tmp_path):
    manifest = train_on_pairs(
        tiny_model,
        tmp_path,
        [make_pair_row(0), make_pair_row(1, rejected="it is five. [1]")],
        method="simpo",
        epochs=1,
    )
    assert manifest.dropped == {"chosen equals rejected": 1}
    [(_, dropped)] = read_json_lines(tmp_path / "out" / "dropped.jsonl")
    assert (dropped["id"], dropped["row"]) == ("p1", "train.jsonl:2")


def test_pair_in_a_dataset_for_sft(tiny_model, tmp_path):
    from transformers import AutoTokenizer

    write_json_lines(tmp_path / "t.jsonl", [make_pair_row(0)])
    with pytest.raises(InputError, match=r"t.jsonl:1: this row is a preference pair; train it with simpo or dpo"):
        encode_examples(tmp_path / "t.jsonl", AutoTokenizer.from_pretrained(str(tiny_model)), 100)


@pytest.mark.parametrize(
    ("model", "values", "message"),
    [
        (SftSettings, {"beta": 0.5}, "beta is a setting of dpo and simpo, but the method is sft"),
        (DpoSettings, {"gamma": 0.5}, "gamma is a setting of simpo, but the method is dpo"),
    ],
)
def test_setting_of_another_objective(model, values, message):
    with pytest.raises(ValueError, match=message):
        model(**values)
