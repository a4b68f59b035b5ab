"""Activated adapters: scores and gradients agree with PEFT; prompts are computed once, without gradient."""

import json

import pytest
import torch

from opora.artifacts import read_json_lines
from opora.errors import InputError
from opora.train.engine.engine import Engine, last_occurrence
from opora.train.llm.stage import AdapterStage
from opora.train.scorer import TokenizedRow
from opora.train.settings import LoraSettings
from tests.factories import (
    INVOCATION,
    MODEL_FAMILIES,
    ROW_KINDS,
    add_random_adapter,
    assert_engine_agrees,
    draw_invoked_rows,
    draw_token_rows,
    make_causal_model,
    make_pair_row,
    make_train_settings,
    train_on_pairs,
)


@pytest.mark.parametrize("kind", ROW_KINDS)
@pytest.mark.parametrize("family", MODEL_FAMILIES)
def test_scores_and_gradients_agree_with_peft(family, kind):
    assert_engine_agrees(add_random_adapter(make_causal_model(family), INVOCATION).train(), draw_invoked_rows(kind))


TURNS = [  # of one row, what is before the adapter in another is the answer
    TokenizedRow([5, 6, 7, 1, 2], [8, 9]),
    TokenizedRow([5, 6, 7, 1, 2, 8, 9, 10, 1, 2], [11, 12]),
    TokenizedRow([1, 2], [13]),
    TokenizedRow([1, 2, 14, 1, 2], [15]),
]


def test_turns_of_one_chat():
    assert_engine_agrees(add_random_adapter(make_causal_model("llama"), INVOCATION).train(), TURNS, min_shared=1)


@pytest.mark.filterwarnings("ignore:Multiple invocations")
def test_gradient_checkpointing_changes_nothing():
    model, rows = add_random_adapter(make_causal_model("llama"), INVOCATION), draw_invoked_rows("nested")
    scores = [score.logprobs for score in Engine(model.train()).score(rows)]
    sum(score.sum() for score in scores).backward()
    expected_gradients = {
        name: tensor.grad.clone() for name, tensor in model.named_parameters() if tensor.grad is not None
    }
    model.zero_grad()
    model.get_base_model().gradient_checkpointing_enable({"use_reentrant": False})
    model.enable_input_require_grads()
    sum(score.logprobs.sum() for score in Engine(model).score(rows)).backward()
    for name, gradient in expected_gradients.items():
        torch.testing.assert_close(dict(model.named_parameters())[name].grad, gradient, rtol=1e-4, atol=1e-4)


def test_dropout_and_autocast():
    rows = draw_invoked_rows("group")
    still, dropping = (
        add_random_adapter(make_causal_model("llama"), INVOCATION, lora_dropout=share).train() for share in (0.0, 0.5)
    )
    exact, noisy = ([score.logprobs for score in Engine(model).score(rows)] for model in (still, dropping))
    assert not torch.allclose(exact[0], noisy[0])
    with torch.autocast("cpu", torch.bfloat16):
        rough = Engine(still).score(rows)[0].logprobs
    torch.testing.assert_close(rough, exact[0], atol=0.3, rtol=0.05)
    with still.disable_adapter():
        assert not torch.allclose(Engine(still).score(rows)[0].logprobs, exact[0])


def test_reference_reuses_the_prompt(monkeypatch):
    model = add_random_adapter(make_causal_model("llama"), INVOCATION).train()
    rows, sizes = draw_invoked_rows("group"), []
    engine, read = Engine(model), Engine._forward
    monkeypatch.setattr(
        Engine, "_forward", lambda self, tree, **more: sizes.append(len(tree.ids)) or read(self, tree, **more)
    )
    before, after = engine.score_reference(rows), engine.score(rows)
    assert len(sizes) == 3, "the prompt once, then the answers by the reference and the trained model"
    assert sizes[1] == sizes[2]
    assert not torch.allclose(before[0].logprobs, after[0].logprobs)
    with model.disable_adapter():
        torch.testing.assert_close(Engine(model).score(rows)[0].logprobs, before[0].logprobs)
    assert not engine._last_prefix.hidden.requires_grad


def test_cached_prefixes_depend_on_the_mode():
    model, rows = add_random_adapter(make_causal_model("llama"), INVOCATION).train(), draw_invoked_rows("group")
    engine = Engine(model)
    with torch.inference_mode():
        engine.score(rows)
    engine.score(rows)[0].logprobs.sum().backward()


def test_row_without_invocation_tokens():
    with pytest.raises(InputError, match="a row does not contain the invocation tokens of the adapter"):
        Engine(add_random_adapter(make_causal_model("llama"), INVOCATION)).score(draw_token_rows("pair"))


def test_trained_base_model_is_rejected():
    model = add_random_adapter(make_causal_model("llama"), INVOCATION)
    model.get_base_model().lm_head.weight.requires_grad_()
    with pytest.raises(InputError, match=r"needs a frozen model, but .*lm_head.* is trained as well"):
        Engine(model)


@pytest.mark.parametrize(
    ("row", "tokens", "place"),
    [([1, 2, 3, 1, 2], [1, 2], 3), ([1, 2], [1, 2], 0), ([1], [1, 2], None), ([1, 1, 1], [1, 1], 1), ([3], [4], None)],
)
def test_last_occurrence(row, tokens, place):
    assert last_occurrence(row, tokens) == place


@pytest.mark.parametrize("method", ["simpo", "dpo"])
def test_adapter_config_has_invocation_tokens(tiny_model, tmp_path, method):
    lora = LoraSettings(r=4, alpha=8, activated=True)
    train_on_pairs(tiny_model, tmp_path, [make_pair_row(n) for n in range(8)], method=method, lora=lora)
    config = json.loads((tmp_path / "out" / "adapter" / "adapter_config.json").read_text())
    assert config["alora_invocation_tokens"], "the ids of the words before an answer"
    log = [row for _, row in read_json_lines(tmp_path / "out" / "log.jsonl")]
    assert log[-1]["rewards/margins"] > log[1]["rewards/margins"]


@pytest.mark.parametrize("prefix_sharing", ["off", "on"])
def test_prefix_sharing_does_not_change_the_loss(tiny_model, tmp_path, prefix_sharing):
    lora = LoraSettings(r=4, alpha=8, activated=True)
    rows = [make_pair_row(n) for n in range(8)]
    train_on_pairs(tiny_model, tmp_path, rows, method="simpo", lora=lora, prefix_sharing=prefix_sharing)
    last = [row for _, row in read_json_lines(tmp_path / "out" / "log.jsonl")][-1]
    assert last["loss"] == pytest.approx(LOSS.setdefault("last", last["loss"]), rel=1e-3)


LOSS: dict[str, float] = {}


def test_plain_adapter_is_not_trained_further_as_an_activated_one(tiny_model, tmp_path):
    train_on_pairs(tiny_model, tmp_path, [make_pair_row(n) for n in range(4)], method="simpo", epochs=1)
    settings = make_train_settings(
        f"{tiny_model}+{tmp_path / 'out'}", "simpo", lora=LoraSettings(r=4, alpha=8, activated=True)
    )
    with pytest.raises(InputError, match=r"lora.activated is True, but the adapter .* has False"):
        AdapterStage(settings, tmp_path / "dataset", tmp_path / "further").run()
