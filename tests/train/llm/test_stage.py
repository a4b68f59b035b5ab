"""Training of adapters: loss, artefact, resuming after a kill."""

import json
import math
import signal
import subprocess
import sys
import time

import pytest

from opora.artifacts import read_json_lines, read_manifest, write_json_lines
from opora.errors import InputError, OporaError
from opora.train.llm.batching import count_steps, iterate_batches
from opora.train.llm.encoding import encode_examples
from opora.train.llm.trainer import due_checkpoints, learning_rate
from opora.train.objectives.sft import SftSettings
from opora.train.scorer import TokenizedExample, TokenizedRow
from opora.train.settings import LoraSettings
from tests.factories import (
    compute_held_out_loss,
    interrupt_at_step,
    launch_training,
    make_chat_row,
    make_dataset,
    make_train_settings,
    read_evaluations,
    train_adapter,
)


@pytest.fixture(params=["tied", "untied", "checkpointed"])
def parts(tiny_model, request):
    """Return a model with an adapter, with a tied or untied head, and examples."""
    import torch
    from transformers import AutoConfig, LlamaForCausalLM

    from opora.train.lora import add_lora

    torch.manual_seed(0)
    config = AutoConfig.from_pretrained(str(tiny_model), tie_word_embeddings=request.param != "untied")
    checkpointed = request.param == "checkpointed"
    model = add_lora(
        LlamaForCausalLM(config), make_train_settings(tiny_model, gradient_checkpointing=checkpointed)
    ).train()
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.1)
    return model, [
        TokenizedExample(f"e{n}", (TokenizedRow(list(range(5, 15 + n)), [20 + n, 30, 31][: 1 + n % 3]),))
        for n in range(5)
    ]


def padded_loss(model, examples):
    """Return the reference loss: one padded batch with logits at every position, summed over the answers."""
    import torch

    examples = [row for unit in examples for row in unit.rows]
    width = max(example.length for example in examples)
    ids = torch.tensor([e.prompt + e.answer + [2] * (width - e.length) for e in examples])
    labels = torch.tensor([[-100] * len(e.prompt) + e.answer + [-100] * (width - e.length) for e in examples])
    mask = torch.tensor([[1] * e.length + [0] * (width - e.length) for e in examples])
    logits = model(input_ids=ids, attention_mask=mask, use_cache=False).logits[:, :-1]
    return torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels[:, 1:].flatten(), reduction="sum")


def gradients(model):
    gradients_by_name = {name: tensor.grad.clone() for name, tensor in model.named_parameters() if tensor.requires_grad}
    model.zero_grad()
    return gradients_by_name


def test_sft_loss_equals_that_of_a_padded_batch(parts):
    import torch

    from opora.train.engine.verify import PlainScorer
    from opora.train.objectives.sft import Sft

    model, examples = parts
    output = Sft().loss(PlainScorer(model), examples)
    output.loss.backward()
    ours = gradients(model)
    plain = padded_loss(model, examples)
    plain.backward()

    torch.testing.assert_close(output.loss, plain, rtol=1e-5, atol=1e-5)
    for name, gradient in gradients(model).items():
        assert gradient.abs().max() > 0, name
        torch.testing.assert_close(ours[name], gradient, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("parts", ["tied"], indirect=True)
def test_step_equals_that_of_a_padded_batch(parts, tiny_model, tmp_path):
    import copy

    import torch
    from accelerate import Accelerator

    from opora.train.engine.verify import PlainScorer
    from opora.train.llm.trainer import AdapterTrainer
    from opora.train.objectives.sft import Sft

    model, examples = parts
    options = make_train_settings(
        tiny_model, batch_size=5, epochs=1, warmup_ratio=0.0, lr=1e-3, max_grad_norm=0.05, weight_decay=0.1
    )
    plain = copy.deepcopy(model)
    trained = {name: tensor for name, tensor in plain.named_parameters() if tensor.requires_grad}
    optimizer = torch.optim.AdamW(trained.values(), lr=1e-3, weight_decay=0.1)
    (padded_loss(plain, examples) / sum(unit.answer_tokens for unit in examples)).backward()
    norm = torch.nn.utils.clip_grad_norm_(trained.values(), 0.05)
    optimizer.step()

    accelerator = Accelerator(cpu=True)
    trainer = AdapterTrainer(options, model, Sft(), PlainScorer(model), accelerator)
    [row] = trainer.run(examples, {}, "train", tmp_path / "resume", print)
    assert row["grad_norm"] == pytest.approx(float(norm), rel=1e-4)
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            torch.testing.assert_close(parameter, trained[name], rtol=1e-4, atol=2e-5)


@pytest.mark.parametrize("parts", ["tied"], indirect=True)
def test_prompt_has_no_loss(parts):
    from opora.train.engine.verify import PlainScorer
    from opora.train.objectives.sft import Sft

    model, [example, *_] = parts
    [row] = example.rows
    shorter = TokenizedExample("shorter", (TokenizedRow(row.prompt[:-1], [row.prompt[-1], *row.answer]),))
    loss, longer_loss = (float(Sft().loss(PlainScorer(model), [unit]).loss) for unit in (example, shorter))
    assert longer_loss > loss


def test_run_and_its_artifact(tiny_model, tmp_path):
    manifest = train_adapter(tiny_model, tmp_path, epochs=6)
    out = tmp_path / "out"
    log = [row for _, row in read_json_lines(out / "log.jsonl")]
    assert [row["step"] for row in log] == list(range(25))
    assert log[-1]["loss"] < 0.6 * log[1]["loss"]
    assert log[-1]["eval_loss"] < 0.8 * log[0]["eval_loss"]
    assert "loss" not in log[0], "before the first step there is something to evaluate and nothing learnt"
    assert manifest.counts == {"examples": 16, "held_out": 4, "steps": 24}
    names = {path.name for path in (out / "adapter").iterdir()}
    assert {"adapter_model.safetensors", "adapter_config.json", "tokenizer.json", "chat_template.jinja"} <= names
    config = json.loads((out / "adapter" / "adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == str(tiny_model), "what PEFT itself loads the base model by"
    written = json.loads((out / "adapter" / "tokenizer_config.json").read_text())
    assert written["eos_token"] == "<|im_end|>"
    assert not {"is_local", "local_files_only"} & written.keys(), "where it was loaded says nothing of the adapter"
    assert manifest.prompts["chat_template"] in (out / "README.md").read_text()
    assert not list(out.glob("*resume*"))


def test_trained_adapter_answers(tiny_model, tmp_path):
    from opora.models.registry import load_model
    from opora.models.settings import ModelSettings
    from opora.records import Message

    train_adapter(tiny_model, tmp_path, epochs=30)
    messages = [Message(**message) for message in make_chat_row(3)["messages"]]
    spec = f"hf:{tiny_model}+{tmp_path / 'out'}"
    for backend in ("transformers", "ctranslate2"):
        model = load_model(spec, ModelSettings(max_new_tokens=12, backend=backend, device="cpu"))
        assert "it is. [1]" in model.generate([messages[:-1]])[0].text


def test_adapter_is_trained_further(tiny_model, tmp_path):
    first = train_adapter(tiny_model, tmp_path, "first", epochs=6)
    further = train_adapter(tiny_model, tmp_path, "further", model=f"hf:{tiny_model}+{tmp_path / 'first'}", lr=1e-3)
    assert further.results["first_loss"] < 0.6 * first.results["first_loss"]
    for name, manifest in (("first", first), ("further", further)):
        loss = compute_held_out_loss(
            f"hf:{tiny_model}+{tmp_path / name}", tmp_path / "dataset" / "raft" / "valid.jsonl"
        )
        assert loss == pytest.approx(manifest.results["valid_loss"], rel=1e-4)


@pytest.mark.parametrize(
    ("lora", "message"),
    [
        (LoraSettings(r=8, alpha=8), r"lora.r is 8, but the adapter .* has 4; set lora.r to 4"),
        (LoraSettings(r=4, alpha=4), r"lora.alpha is 4, but the adapter .* has 8"),
        (
            LoraSettings(r=4, alpha=8, targets=("q_proj",)),
            r"lora.targets differs .*down_proj.*remove lora.targets",
        ),
    ],
)
def test_adapter_of_another_shape_is_rejected(tiny_model, tmp_path, lora, message):
    train_adapter(tiny_model, tmp_path, "first", max_steps=1)
    with pytest.raises(InputError, match=message):
        train_adapter(tiny_model, tmp_path, "further", model=f"hf:{tiny_model}+{tmp_path / 'first'}", lora=lora)


def test_bf16_gives_similar_losses(tiny_model, tmp_path):
    full, half = (train_adapter(tiny_model, tmp_path, name, epochs=6, precision=name) for name in ("fp32", "bf16"))
    assert half.results["precision"] == "bf16"
    for name in ("last_loss", "valid_loss"):
        assert half.results[name] == pytest.approx(full.results[name], rel=0.1)


def test_adapter_is_fp32(tiny_model):
    import torch

    from opora.models.backends.loading import load_causal_lm
    from opora.models.spec import parse_spec
    from opora.train.lora import add_lora

    model, _ = load_causal_lm(parse_spec(f"hf:{tiny_model}"), torch.bfloat16, torch.device("cpu"))
    kinds = {
        (tensor.requires_grad, tensor.dtype) for tensor in add_lora(model, make_train_settings(tiny_model)).parameters()
    }
    assert kinds == {(True, torch.float32), (False, torch.bfloat16)}


def test_same_seed_gives_same_bytes(tiny_model, tmp_path):
    first, second, other_seed = (
        train_adapter(tiny_model, tmp_path, name, epochs=1, seed=seed) for name, seed in [("a", 0), ("b", 0), ("c", 1)]
    )
    weights = "adapter/adapter_model.safetensors"
    assert first.files[weights] == second.files[weights] != other_seed.files[weights]


SCRIPT = """
import sys, torch
from pathlib import Path
from opora.train.objectives.sft import SftSettings
from opora.train.llm.stage import AdapterStage
torch.set_num_threads(1)
AdapterStage(SftSettings.model_validate_json(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])).run()
"""


def test_killed_run_resumes_with_the_same_weights(tiny_model, tmp_path):
    changes = {"epochs": 16, "lora": LoraSettings(r=4, alpha=8, dropout=0.2), "save_at": (0.01, 0.5)}
    whole = train_adapter(tiny_model, tmp_path, "whole", **changes)
    options = make_train_settings(tiny_model, **changes).model_dump_json()
    command = [sys.executable, "-c", SCRIPT, options, str(tmp_path / "dataset"), str(tmp_path / "killed")]
    checkpoint = tmp_path / ".killed.partial" / "resume" / "manifest.json"
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    while process.poll() is None and not checkpoint.exists():
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "killed").exists(), "it ended before it was killed"
    assert json.loads(checkpoint.read_text())["step"] > 0
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    assert read_manifest(tmp_path / "killed").fingerprint == whole.fingerprint


def test_slow_steps_are_checkpointed_by_time(tiny_model, tmp_path, monkeypatch):
    from opora.train.llm import trainer

    monkeypatch.setattr(trainer, "CHECKPOINT_EVERY_S", 0.0)
    monkeypatch.setattr(trainer, "learning_rate", interrupt_at_step(3))
    with pytest.raises(KeyboardInterrupt):
        train_adapter(tiny_model, tmp_path, checkpoint_every=1000)
    kept = json.loads((tmp_path / ".out.partial" / "resume" / "manifest.json").read_text())
    assert kept["step"] == 2


def test_incomplete_checkpoint_is_removed(tiny_model, tmp_path, monkeypatch):
    from opora.train.llm import trainer

    whole = train_adapter(tiny_model, tmp_path, "whole")
    with monkeypatch.context() as patch:
        patch.setattr(trainer, "learning_rate", interrupt_at_step(whole.counts["steps"]))
        with pytest.raises(KeyboardInterrupt):
            train_adapter(tiny_model, tmp_path)
    half = tmp_path / ".out.partial" / ".resume.partial"
    half.mkdir()
    (half / "state.safetensors").write_bytes(b"half")
    assert train_adapter(tiny_model, tmp_path).files.keys() == whole.files.keys()


def test_saved_checkpoints_are_the_adapters_of_their_steps(tiny_model, tmp_path):
    from opora.models.registry import load_model
    from opora.models.revision import model_revision
    from opora.models.settings import ModelSettings
    from opora.models.spec import parse_spec
    from opora.records import Message

    train_adapter(tiny_model, tmp_path, epochs=5, save_at=(0.25, 0.5), eval_every=5)
    held_out = {row["step"]: row["eval_loss"] for row in read_evaluations(tmp_path / "out")}
    valid, specs = tmp_path / "dataset" / "raft" / "valid.jsonl", {}
    for step, name in ((5, "out/checkpoint-25"), (10, "out/checkpoint-50"), (20, "out")):
        specs[step] = f"hf:{tiny_model}+{tmp_path / name}"
        assert compute_held_out_loss(specs[step], valid) == pytest.approx(held_out[step], rel=1e-4)
    assert len({model_revision(parse_spec(spec)) for spec in specs.values()}) == 3
    messages = [Message(**message) for message in make_chat_row(3)["messages"][:-1]]
    for backend in ("transformers", "ctranslate2"):
        options = ModelSettings(max_new_tokens=12, backend=backend, device="cpu")
        texts = [load_model(spec, options).generate([messages])[0].text for spec in specs.values()]
        assert texts[0] != texts[-1], "the first fifth has not taught it yet what the whole has"
    assert "| saved checkpoint | `checkpoint-25/adapter` |" in (tmp_path / "out" / "README.md").read_text()


def test_incomplete_saved_checkpoint_is_written_again(tiny_model, tmp_path, monkeypatch):
    from opora.train.llm import trainer

    changes = {"save_at": (0.5,), "checkpoint_every": 4}
    whole = train_adapter(tiny_model, tmp_path, "whole", **changes)
    with monkeypatch.context() as patch:
        patch.setattr(trainer, "learning_rate", interrupt_at_step(7))
        with pytest.raises(KeyboardInterrupt):
            train_adapter(tiny_model, tmp_path, **changes)
    kept = tmp_path / ".out.partial" / "checkpoint-50" / "adapter"
    (kept / "adapter_model.safetensors").write_bytes(b"half")
    (kept / "left-over").write_bytes(b"")
    assert train_adapter(tiny_model, tmp_path, **changes).fingerprint == whole.fingerprint


@pytest.mark.parametrize(
    ("save_at", "steps", "names"),
    [
        ((0.6, 0.8), 25, {15: ["checkpoint-60"], 20: ["checkpoint-80"]}),
        ((0.001,), 25, {1: ["checkpoint-0.1"]}),
        ((0.07, 0.29), 100, {7: ["checkpoint-7"], 29: ["checkpoint-29"]}),
        ((0.5, 0.6), 2, {1: ["checkpoint-50", "checkpoint-60"]}),
    ],
)
def test_due_checkpoints(save_at, steps, names):
    settings = SftSettings(save_at=save_at)
    assert {step: due for step in range(1, steps + 1) if (due := due_checkpoints(step, steps, settings))} == names


@pytest.mark.parametrize("save_at", [(0.0,), (1.0,), (0.5, 0.5)])
def test_wrong_save_at(save_at):
    with pytest.raises(ValueError, match="save_at"):
        SftSettings(save_at=save_at)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([make_chat_row(0), make_chat_row(1, answer=" ")], r"train.jsonl:2: the answer is empty"),
        ([{"id": "a"}], r"train.jsonl:1: messages are missing"),
        ([{"id": "a", "messages": [{"role": "usr", "content": "?"}]}], r"train.jsonl:1: messages: role is 'usr'"),
        ([{"id": "a", "messages": ["hello"]}], r"train.jsonl:1: messages"),
        (
            [make_chat_row(0), {"id": "a", "messages": make_chat_row(0)["messages"][:-1]}],
            r"train.jsonl:2: .*end with a message of the assis",
        ),
        ([], "no example has at most 512 tokens"),
    ],
)
def test_wrong_row(tiny_model, tmp_path, rows, message):
    make_dataset(tmp_path / "dataset" / "raft", rows)
    with pytest.raises(InputError, match=message):
        train_adapter(tiny_model, tmp_path)


def test_long_example_is_dropped_and_listed(tiny_model, tmp_path):
    long = make_chat_row(0)
    long["messages"][1]["content"] = "fee " * 600
    manifest = train_adapter(tiny_model, tmp_path, rows=[long, make_chat_row(1), make_chat_row(2)], epochs=1)
    assert manifest.dropped == {"too long": 1}
    [(_, dropped)] = read_json_lines(tmp_path / "out" / "dropped.jsonl")
    assert (dropped["id"], dropped["row"], dropped["limit"]) == ("r0", "train.jsonl:1", 512)


def test_mixture_takes_a_share_of_each_dataset(tiny_model, tmp_path):
    make_dataset(tmp_path / "dataset" / "raft", [make_chat_row(n) for n in range(10)], [make_chat_row(20)])
    make_dataset(
        tmp_path / "dataset" / "chats",
        [make_chat_row(n) for n in range(30, 40)],
        [make_chat_row(n) for n in range(41, 43)],
    )
    manifest = train_adapter(tiny_model, tmp_path, dataset={"raft": 1.0, "chats": 0.6}, epochs=1)
    assert manifest.counts == {"examples": 16, "held_out": 3, "steps": 4}
    assert {"dataset raft", "dataset chats"} <= manifest.inputs.keys()
    assert "| dataset | `chats`, 60 % of it" in (tmp_path / "out" / "README.md").read_text()
    half = train_adapter(tiny_model, tmp_path, "half", dataset={"raft": 1.0, "chats": 0.5}, epochs=1)
    assert half.key != manifest.key


@pytest.mark.parametrize("dataset", [{}, "", {"raft": 0}, {"raft": 1.5}])
def test_empty_mixture(dataset):
    with pytest.raises(ValueError, match="dataset"):
        SftSettings(dataset=dataset)


def test_nan_loss_stops_the_run(tiny_model, tmp_path):
    with pytest.raises(OporaError, match=r"step \d+: the loss is nan; check the rows r"):
        train_adapter(tiny_model, tmp_path, lr=1e30, max_grad_norm=1e30)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("where", "message"), [("loss", "the loss is nan"), ("gradient", "the norm of the gradient")])
@pytest.mark.parametrize("parts", ["tied"], indirect=True)
def test_nan_is_reported_before_the_weights_change(parts, tiny_model, tmp_path, where, message):
    import torch
    from accelerate import Accelerator

    from opora.train.engine.verify import PlainScorer
    from opora.train.llm.trainer import AdapterTrainer
    from opora.train.objectives.sft import Sft

    class FaultySft(Sft):
        def loss(self, scorer, examples):
            output = super().loss(scorer, examples)
            if examples[0].id != "e3":
                return output
            if where == "loss":
                return output._replace(loss=output.loss * math.nan)
            output.loss.register_hook(lambda gradient: gradient * math.nan)
            return output

    model, examples = parts
    before = {name: tensor.detach().clone() for name, tensor in model.named_parameters()}
    options = make_train_settings(tiny_model, batch_size=5, max_batch_tokens=1)
    accelerator = Accelerator(cpu=True)
    trainer = AdapterTrainer(options, model, FaultySft(), PlainScorer(model), accelerator)
    with pytest.raises(OporaError, match=f"step 1: {message}.*e3"):
        trainer.run(examples, {}, "train", tmp_path / "resume", print)
    for name, parameter in model.named_parameters():
        torch.testing.assert_close(parameter, before[name], rtol=0, atol=0)


def test_model_that_cannot_be_fine_tuned(tiny_model, tmp_path):
    with pytest.raises(InputError, match="cannot be fine-tuned"):
        train_adapter(tiny_model, tmp_path, model="openai:m@http://localhost/v1")


def test_sharding_is_rejected(tiny_model, tmp_path, monkeypatch):
    from accelerate import Accelerator, DistributedType

    monkeypatch.setattr(Accelerator, "distributed_type", DistributedType.FSDP)
    with pytest.raises(
        InputError, match="train: fsdp shards the model, which opora train does not support; launch without it"
    ):
        train_adapter(tiny_model, tmp_path)


def test_every_epoch_shuffles_all_examples():
    examples = [TokenizedExample(str(n), (TokenizedRow([n, n + 1], [1]),)) for n in range(10)]
    batches = iterate_batches(examples, SftSettings(batch_size=5, epochs=2))
    ids = [example.id for batch in batches for example in batch]
    assert sorted(ids[:10]) == sorted(ids[10:]) == [str(n) for n in range(10)]
    assert ids[:10] != ids[10:]


@pytest.mark.parametrize(
    ("examples", "changes", "steps"),
    [(10, {}, 3), (10, {"epochs": 0.5}, 1), (1, {}, 1), (100, {"max_steps": 7}, 7), (10, {"batch_size": 1}, 20)],
)
def test_count_steps(examples, changes, steps):
    assert count_steps(examples, SftSettings(**changes)) == steps


def test_learning_rate():
    rates = [learning_rate(step, 100, SftSettings(lr=1.0)) for step in range(1, 101)]
    assert rates[0] == pytest.approx(0.1)
    assert max(rates) == rates[9] == 1.0
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[-1] < 0.01


def test_answers_end_with_the_end_of_turn_token(tiny_model, tmp_path):
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(str(tiny_model))
    write_json_lines(tmp_path / "t.jsonl", [make_chat_row(1)])
    [example], _ = encode_examples(tmp_path / "t.jsonl", tokenizer, 512)
    answer = example.rows[0].answer
    assert answer[-1] == tokenizer.eos_token_id
    assert tokenizer.decode(answer[:-1]).endswith(" it is. [1]")


@pytest.mark.slow
def test_two_processes_give_the_same_adapter(tiny_model, tmp_path):
    from safetensors.torch import load_file

    make_dataset(
        tmp_path / "dataset" / "ferry",
        [make_chat_row(n) for n in range(16)],
        [make_chat_row(n) for n in range(20, 24)],
    )
    write_json_lines(tmp_path / "general.jsonl", [make_chat_row(n, answer="north five.") for n in range(5)])
    changes = {"dataset": "ferry", "batch_size": 5, "regression_set": tmp_path / "general.jsonl"}
    entry = make_train_settings(tiny_model, **changes).model_dump(mode="json")
    (tmp_path / "opora.yaml").write_text(json.dumps({"train": {"one": entry, "two": entry}}))
    for name, processes in (("one", 1), ("two", 2)):
        assert launch_training(tmp_path, name, processes).count(f"train {name}: ") == 1, (
            "one of the processes shows progress"
        )
    one, two = ([row for _, row in read_json_lines(tmp_path / "train" / name / "log.jsonl")] for name in ("one", "two"))
    for key in ("loss", "grad_norm", "eval_loss", "eval_general_loss"):
        figures = [[row[key] for row in log if key in row] for log in (one, two)]
        assert figures[0] == pytest.approx(figures[1], rel=1e-3)
        assert figures[0]
    weights = [
        load_file(tmp_path / "train" / name / "adapter" / "adapter_model.safetensors") for name in ("one", "two")
    ]
    for name, tensor in weights[0].items():
        assert (tensor - weights[1][name]).abs().max() < 1e-3, name
