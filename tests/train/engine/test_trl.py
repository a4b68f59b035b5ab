"""Trainers of TRL give the same weights with prefix sharing, from fewer tokens."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from datasets import Dataset
from peft import LoraConfig
from transformers import AutoTokenizer
from trl import DPOConfig, DPOTrainer, GRPOConfig, GRPOTrainer, SFTConfig, SFTTrainer

from opora.errors import InputError
from opora.train.engine import trl as module
from opora.train.engine.engine import Engine
from opora.train.engine.trl import share_prefixes
from tests.factories import make_causal_model

CONTEXT = "fee day Monday EUR passage answer question north five ferry " * 3


def config(cls, tmp_path, **more):
    return cls(
        output_dir=str(tmp_path), report_to="none", bf16=False, use_cpu=True, max_steps=3, logging_steps=1, seed=1,
        learning_rate=1e-2, per_device_train_batch_size=4, save_strategy="no", disable_tqdm=True, **more,
    )  # fmt: skip


def sft(tmp_path, **more):
    rows = [{"prompt": CONTEXT + word, "completion": f" it is {word} north"} for word in ("five", "fee", "day", "EUR")]
    return SFTTrainer, config(SFTConfig, tmp_path, max_length=None, **more), rows


def dpo(tmp_path, **more):
    words = ("five", "fee", "day", "EUR")
    rows = [{"prompt": CONTEXT + word, "chosen": f" it is {word}", "rejected": " north north"} for word in words]
    return DPOTrainer, config(DPOConfig, tmp_path, max_length=None, **more), rows


def grpo(tmp_path, **more):
    args = config(GRPOConfig, tmp_path, num_generations=4, max_completion_length=6, temperature=0.7, beta=0.1, **more)
    return GRPOTrainer, args, [{"prompt": CONTEXT + word} for word in ("five", "fee", "day", "EUR")]


def make_trainer(parts, tiny_model, invocation=""):
    cls, args, rows = parts
    tokenizer = AutoTokenizer.from_pretrained(str(tiny_model))
    rewards = (
        {"reward_funcs": lambda completions, **_: [len(set(completion)) for completion in completions]}
        if cls is GRPOTrainer
        else {}
    )
    lora = LoraConfig(
        r=4, lora_alpha=8, target_modules="all-linear", task_type="CAUSAL_LM",
        alora_invocation_tokens=tokenizer(invocation)["input_ids"] if invocation else None,
    )  # fmt: skip
    torch.manual_seed(0)
    return cls(
        model=str(tiny_model), args=args, train_dataset=Dataset.from_list(rows), processing_class=tokenizer,
        peft_config=lora, **rewards,
    )  # fmt: skip


def run(trainer):
    trainer.train()
    weights = {
        name: tensor.detach().clone() for name, tensor in trainer.model.named_parameters() if tensor.requires_grad
    }
    return [row for row in trainer.state.log_history if "loss" in row], weights


CASES = [  # method, settings, what activates the adapter
    (sft, {}, ""),
    (sft, {"padding_free": True}, ""),
    (sft, {"gradient_checkpointing": False, "gradient_accumulation_steps": 2}, ""),
    (dpo, {}, ""),
    (grpo, {}, ""),
    (sft, {"gradient_checkpointing": False}, " ferry"),
    (dpo, {"gradient_checkpointing": False}, " ferry"),
]


@pytest.mark.parametrize(
    ("method", "more", "invocation"), CASES, ids=[f"{m.__name__} {' '.join(o)}{i}" for m, o, i in CASES]
)
def test_training_with_prefix_sharing_gives_the_same_weights(
    method, more, invocation, tiny_model, tmp_path, monkeypatch
):
    if "padding_free" in more:
        monkeypatch.setattr("trl.trainer.sft_trainer.logger.warning", lambda *_, **__: None)
    log, weights = run(make_trainer(method(tmp_path, **more), tiny_model, invocation))
    sizes = []
    read = Engine._forward
    monkeypatch.setattr(Engine, "_forward", lambda self, tree, **rest: sizes.append(tree) or read(self, tree, **rest))
    trainer = make_trainer(method(tmp_path, **more), tiny_model, invocation)
    share_prefixes(trainer)
    other_log, other_weights = run(trainer)
    assert sizes, "the shared call was not used"
    assert all(len(tree.ids) < 0.7 * sum(map(len, tree.paths)) for tree in sizes if not tree.offset)
    assert any(tree.offset for tree in sizes) == bool(invocation)
    for row, other in zip(log, other_log, strict=True):
        for name in row.keys() - {"mean_token_accuracy", "step_time"}:
            assert other[name] == pytest.approx(row[name], rel=2e-3, abs=2e-4), name
    for name, weight in weights.items():
        torch.testing.assert_close(other_weights[name], weight, rtol=0, atol=2e-4)


def test_different_results_fall_back_with_a_warning(tiny_model, tmp_path, monkeypatch):
    trainer = make_trainer(sft(tmp_path), tiny_model)
    share_prefixes(trainer)
    hidden = Engine.hidden_states
    monkeypatch.setattr(Engine, "hidden_states", lambda self, *args: hidden(self, *args) * 1.5)
    with pytest.warns(UserWarning, match="nats per token; training continues without prefix sharing"):
        log, _ = run(trainer)
    expected, _ = run(make_trainer(sft(tmp_path), tiny_model))
    assert [row["loss"] for row in log] == pytest.approx([row["loss"] for row in expected], rel=1e-4)


@pytest.mark.parametrize("name", ["gradient_checkpointing", "padding_free"])
def test_unsupported_options_for_activated_adapters(tiny_model, tmp_path, name):
    trainer = make_trainer(sft(tmp_path, gradient_checkpointing=False), tiny_model, " ferry")
    setattr(trainer.args, name, True)
    with pytest.raises(InputError, match=f"an activated adapter cannot be trained with {name}; set it to False"):
        share_prefixes(trainer)


def test_unsupported_trainers(tiny_model, tmp_path, monkeypatch):
    trainer = make_trainer(sft(tmp_path), tiny_model)
    with monkeypatch.context() as patch:
        patch.setattr("trl.__version__", "1.17.0")
        with pytest.raises(InputError, match=r"not 1\.17\.0"):
            share_prefixes(trainer)
    trainer.model = make_causal_model("llama")
    with pytest.raises(InputError, match="LlamaForCausalLM: has no fused head"):
        share_prefixes(trainer)
    trainer.use_weighting = True
    with pytest.raises(InputError, match="use_weighting"):
        share_prefixes(trainer)
    assert module.VERSION == "1.16."


@pytest.mark.slow
def test_fsdp_gives_the_same_gradients(tiny_model, tmp_path):
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node=2", "--standalone", "-m"]
    command += ["tests.train.engine.sharded", str(tiny_model), str(tmp_path)]
    root = Path(__file__).parents[3]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.count("28 gradients are those of the whole model") == 2
