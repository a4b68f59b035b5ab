"""What a unit of training costs: TRL at its defaults, TRL at its best settings, and opora.

In: a model and units of rows made of `benchset/documents/en`: a prompt of about 1,500 tokens, answers of about 100.
Out: a table in Markdown: CPU and wall seconds of one forward and backward pass of a unit, peak memory, the
floating-point operations that the unit needs and the share of the machine's matmul peak that is reached; and how far
loss and gradients are from those of TRL. Each way runs in a process of its own, one after another, in turns. "TRL best"
has gradient checkpointing off, its head over labelled positions only (which it does by itself only on CUDA), and one
row at a time, which is its fastest way on a CPU.

    OMP_NUM_THREADS=1 python benchmarks/training.py [--units simpo dpo grpo shared ...] [--model smollm2|qwen2]

The units named activated have an activated adapter, in PEFT as in opora.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch

from opora.models.backends.transformers import load_causal_lm, load_tokenizer, pick_device
from opora.models.chat_template import invocation_ids
from opora.models.spec import parse_spec
from opora.train.engine.engine import Engine
from opora.train.engine.prefix_tree import build_tree
from opora.train.examples import Row, Unit
from opora.train.llm.batching import groups
from opora.train.lora import add_lora
from opora.train.objectives.dpo import dpo_loss
from opora.train.objectives.sft import sft_loss
from opora.train.objectives.simpo import simpo_loss
from opora.train.settings import LoraSettings, TrainSettings

ROOT = Path(__file__).resolve().parents[1]
PROMPT, QUESTION, ANSWER = 1500, 25, 100
MAX_BATCH_TOKENS = 2560
"""Of a pass of opora: the prompt and eight answers."""
LORA: dict[str, Any] = {"r": 32, "alpha": 64}
DEFAULT, BEST, OURS = "TRL default", "TRL best", "opora"
WAYS = (DEFAULT, BEST, OURS)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--units", nargs="+", choices=list(UNITS), default=list(UNITS))
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--model", choices=["smollm2", "qwen2"], default="smollm2")
    parser.add_argument("--rounds", type=int, default=1, help="of all ways in turn; the least time of each counts")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--child", nargs=3, metavar=("UNIT", "WAY", "FILE"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        unit, way, file = arguments.child
        measure(UNITS[unit], way, Path(file), arguments)
        return
    threads, peak = torch.get_num_threads(), matmul_peak(pick_device(arguments.device))
    print(
        f"{arguments.model}, {threads} thread(s), matmul peak {peak / 1e9:.0f} GFLOP/s, LoRA r 32, all linear layers\n"
    )
    print("| unit | way | CPU s | wall s | peak GB | times faster (CPU) | TFLOP needed | share of peak | ", end="")
    print("loss off | gradients off |\n|---|---|---|---|---|---|---|---|---|---|")
    for unit in arguments.units:
        compare(unit, arguments, peak)


def compare(unit: str, arguments: argparse.Namespace, peak: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        found: dict[str, list[dict[str, Any]]] = {way: [] for way in arguments.ways}
        for _ in range(arguments.rounds):
            for way in arguments.ways:
                file = Path(folder) / f"{way}.pt"
                command = [sys.executable, __file__, "--model", arguments.model, "--device", arguments.device]
                command += ["--child", unit, way, str(file)]
                quiet = {**os.environ, "PYTHONWARNINGS": "ignore", "TRL_EXPERIMENTAL_SILENCE": "1"}
                done = subprocess.run(
                    command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=quiet
                )
                if done.returncode == -signal.SIGKILL:
                    print(f"| {unit} | {way} | out of memory | | | | | | | |", flush=True)
                elif done.returncode:
                    raise RuntimeError(done.stderr.decode()[-2000:])
                else:
                    found[way].append(torch.load(file, weights_only=True))
        rows = {way: min(each, key=lambda row: row["cpu_s"]) for way, each in found.items() if each}
        best = rows.get(BEST) or next(iter(rows.values()))
        for way, row in rows.items():
            loss = abs(row["loss"] / best["loss"] - 1)
            gradient = distance(row["gradients"], best["gradients"])
            busy = row["wall_s"] if arguments.device.startswith("cuda") else row["cpu_s"] / torch.get_num_threads()
            print(
                f"| {unit} | {way} | {row['cpu_s']:.1f} | {row['wall_s']:.1f} | {row['peak_gb']:.1f} |"
                f" {best['cpu_s'] / row['cpu_s']:.2f} | {row['flop'] / 1e12:.2f} | {row['flop'] / busy / peak:.0%} |"
                f" {loss:.0e} | {gradient:.0e} |",
                flush=True,
            )


def distance(left: dict[str, torch.Tensor], right: dict[str, torch.Tensor]) -> float:
    """Norm of the difference of all gradients, relative to that of the second."""
    difference = sum(float((left[name] - right[name]).double().norm() ** 2) for name in right)
    return float((difference / sum(float(each.double().norm() ** 2) for each in right.values())) ** 0.5)


Call = Callable[[Sequence[Unit], int], torch.Tensor]
"""(units of one pass, answer tokens of all) -> loss."""


class UnitOfWork(NamedTuple):
    """`make`: its units. `loss`: by the engine. `trl`: (model with adapter, loss) by a trainer of TRL. `reference`: the
    model before training scores the answers too. `activated`: the adapter works from the answer on."""

    make: Callable[[Any], list[Unit]]
    loss: Callable[[Engine, Sequence[Unit], int], torch.Tensor]
    trl: Callable[[Any, Any, Given], tuple[Any, Call]]
    reference: bool = False
    activated: bool = False


class Given(NamedTuple):
    """How a trainer of TRL is set: at its best or at its defaults, with what activates the adapter, if anything."""

    best: bool
    invocation: list[int] | None


def measure(unit: UnitOfWork, way: str, file: Path, arguments: argparse.Namespace) -> None:
    """Write seconds, memory, loss and gradients of one unit, after a short one to warm up."""
    device = pick_device(arguments.device)
    base, tokenizer = load(arguments.model, device)
    units = unit.make(tokenizer)
    invocation = invocation_ids(tokenizer) if unit.activated else None
    flop = flop_needed(base, units, unit)
    model, call = (
        ours(unit, base, invocation) if way == OURS else unit.trl(base, tokenizer, Given(way == BEST, invocation))
    )
    draw_adapter(model)
    model.train()
    chunks = {DEFAULT: [units], BEST: [[each] for each in units], OURS: groups(units, MAX_BATCH_TOKENS)}[way]
    total = sum(each.answer_tokens for each in units)
    call([cut(each) for each in chunks[0]], total).backward()
    model.zero_grad()
    reset_peak(device)
    wall, cpu, loss = time.perf_counter(), time.process_time(), 0.0
    for chunk in chunks:
        value = call(chunk, total)
        value.backward()
        loss += float(value.detach())
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    gradients = {name: each.grad.cpu() for name, each in model.named_parameters() if each.grad is not None}
    row = {"wall_s": wall, "cpu_s": cpu, "peak_gb": peak_gb(device), "loss": loss, "flop": flop, "gradients": gradients}
    torch.save(row, file)


def ours(unit: UnitOfWork, base: Any, invocation: list[int] | None) -> tuple[Any, Call]:
    model = add_lora(base, TrainSettings(lora=LoraSettings(activated=unit.activated, **LORA)), invocation)
    engine = Engine(model)
    return model, lambda units, total: unit.loss(engine, units, total)


def draw_adapter(model: Any) -> None:
    """The same adapter for every way, with B no longer zero."""
    torch.manual_seed(0)
    for name, parameter in sorted(model.named_parameters()):
        if "lora_" in name and parameter.requires_grad:
            torch.nn.init.normal_(parameter, std=0.02)


def load(name: str, device: torch.device) -> tuple[Any, Any]:
    tokenizer = load_tokenizer(parse_spec("smollm2"))
    if name == "smollm2":
        return load_causal_lm(parse_spec("smollm2"), torch.float32, device)[0], tokenizer
    from transformers import Qwen2Config, Qwen2ForCausalLM

    torch.manual_seed(0)  # the width and vocabulary of Qwen2.5-0.5B, six of its layers, random weights
    config = Qwen2Config(
        vocab_size=151936, hidden_size=896, intermediate_size=4864, num_hidden_layers=6, num_attention_heads=14,
        num_key_value_heads=2, max_position_embeddings=4096, tie_word_embeddings=True,
    )  # fmt: skip
    model: Any = Qwen2ForCausalLM(config)
    return model.to(device), tokenizer


# the units


def text_ids(tokenizer: Any) -> list[int]:
    documents = sorted((ROOT / "benchset/documents/en").rglob("*.md"))
    return list(tokenizer("\n\n".join(path.read_text(encoding="utf-8") for path in documents))["input_ids"])


def drawn(tokenizer: Any, prompts: Sequence[int], answers: int) -> list[Unit]:
    """A unit for each of `prompts`, the number of its context, with so many rows; answers of 80 to 120 tokens."""
    ids, rng, end = text_ids(tokenizer), random.Random(0), invocation_ids(tokenizer)

    def some(size: int) -> list[int]:
        start = rng.randrange(len(ids) - size)
        return ids[start : start + size]

    contexts = {number: some(PROMPT - QUESTION) for number in sorted(set(prompts))}
    units = []
    for number, context in enumerate(prompts):
        prompt = contexts[context] + some(QUESTION) + end
        rows = [Row(prompt, some(rng.randint(ANSWER - 20, ANSWER + 20))) for _ in range(answers)]
        units.append(Unit(str(number), tuple(rows)))
    return units


def group(tokenizer: Any) -> list[Unit]:
    """Eight answers to one prompt, each a unit."""
    [unit] = drawn(tokenizer, [0], 8)
    return [Unit(str(number), (row,)) for number, row in enumerate(unit.rows)]


def cut(unit: Unit) -> Unit:
    return Unit(unit.id, tuple(Row(row.prompt[-32:], row.answer[:4]) for row in unit.rows))


def advantages(units: Sequence[Unit]) -> list[float]:
    return [(-1.0) ** int(unit.id) * (1 + int(unit.id)) for unit in units]


# the losses of opora


def our_sft(engine: Engine, units: Sequence[Unit], total: int) -> torch.Tensor:
    return sft_loss(engine, units, TrainSettings()).loss / total


def our_simpo(engine: Engine, units: Sequence[Unit], total: int) -> torch.Tensor:
    return simpo_loss(engine, units, TrainSettings(method="simpo")).loss


def our_dpo(engine: Engine, units: Sequence[Unit], total: int) -> torch.Tensor:
    return dpo_loss(engine, units, TrainSettings(method="dpo")).loss


def our_grpo(engine: Engine, units: Sequence[Unit], total: int) -> torch.Tensor:
    """The clipped surrogate of Shao et al. 2024 (arXiv:2402.03300, equation 3) on policy, a mean over tokens."""
    scores = engine.score([row for unit in units for row in unit.rows])
    terms = [
        -advantage * torch.exp(score.logprobs - score.logprobs.detach()).sum()
        for advantage, score in zip(advantages(units), scores, strict=True)
    ]
    return torch.stack(terms).sum() / total


# the same by the trainers of TRL


def trainer_of(kind: str, base: Any, tokenizer: Any, how: Given, **more: Any) -> Any:
    import trl
    import trl.experimental.cpo
    from datasets import Dataset
    from peft import LoraConfig

    if how.best:
        utils: Any = trl.trainer.utils
        utils._use_triton = lambda device: True  # its head over labelled positions only, as on CUDA
    names = {
        "cpo": ("CPOTrainer", "CPOConfig"),
        "sft": ("SFTTrainer", "SFTConfig"),
        "dpo": ("DPOTrainer", "DPOConfig"),
        "grpo": ("GRPOTrainer", "GRPOConfig"),
    }
    Trainer, Config = (getattr(trl.experimental.cpo if kind == "cpo" else trl, name) for name in names[kind])
    given = {"output_dir": tempfile.mkdtemp(), "report_to": "none", "bf16": False, **more}
    given |= {"gradient_checkpointing": False} if how.best else {}
    lora = LoraConfig(
        r=LORA["r"], lora_alpha=LORA["alpha"], target_modules="all-linear", task_type="CAUSAL_LM",
        alora_invocation_tokens=how.invocation,
    )  # fmt: skip
    texts = (
        {"prompt": "a", "chosen": "b", "rejected": "c"}
        if kind in ("dpo", "cpo")
        else {"prompt": "a", "completion": "b"}
    )
    rewards = {"reward_funcs": lambda completions, **_: [0.0] * len(completions)} if kind == "grpo" else {}
    data = Dataset.from_list([texts] * 8)
    return Trainer(
        model=base, args=Config(**given), train_dataset=data, processing_class=tokenizer, peft_config=lora, **rewards
    )


def padded(rows: Sequence[Row], device: torch.device) -> dict[str, torch.Tensor]:
    width = max(row.length for row in rows)
    fill = [width - row.length for row in rows]
    return {
        "input_ids": torch.tensor(
            [[*r.prompt, *r.answer, *[0] * n] for r, n in zip(rows, fill, strict=True)], device=device
        ),
        "attention_mask": torch.tensor(
            [[1] * r.length + [0] * n for r, n in zip(rows, fill, strict=True)], device=device
        ),
        "labels": torch.tensor(
            [[-100] * len(r.prompt) + [*r.answer] + [-100] * n for r, n in zip(rows, fill, strict=True)], device=device
        ),
    }


def trl_sft(base: Any, tokenizer: Any, how: Given) -> tuple[Any, Call]:
    trainer = trainer_of("sft", base, tokenizer, how, max_length=None)

    def call(units: Sequence[Unit], total: int) -> torch.Tensor:
        inputs = padded([row for unit in units for row in unit.rows], trainer.accelerator.device)
        return trainer.compute_loss(trainer.model, inputs, num_items_in_batch=torch.tensor(total))  # type: ignore[no-any-return]

    return trainer.model, call


def trl_dpo(base: Any, tokenizer: Any, how: Given) -> tuple[Any, Call]:
    trainer = trainer_of("dpo", base, tokenizer, how, max_length=None, beta=0.1)

    def call(units: Sequence[Unit], total: int) -> torch.Tensor:
        inputs = padded([unit.rows[n] for n in (0, 1) for unit in units], trainer.accelerator.device)
        inputs["completion_mask"] = (inputs.pop("labels") != -100).long()
        return trainer.compute_loss(trainer.model, inputs)  # type: ignore[no-any-return]

    return trainer.model, call


def trl_simpo(base: Any, tokenizer: Any, how: Given) -> tuple[Any, Call]:
    """CPOTrainer has no head over labelled positions: its best is to switch gradient checkpointing off."""
    more = {"loss_type": "simpo", "cpo_alpha": 0.0, "beta": 2.0, "simpo_gamma": 1.0, "max_length": None}
    trainer = trainer_of("cpo", base, tokenizer, how, **more)

    def call(units: Sequence[Unit], total: int) -> torch.Tensor:
        batch: dict[str, torch.Tensor] = {}
        for number, name in enumerate(("chosen", "rejected")):
            inputs = padded([unit.rows[number] for unit in units], trainer.accelerator.device)
            batch |= {f"{name}_{key}": value for key, value in inputs.items()}
        return trainer.get_batch_loss_metrics(trainer.model, batch)[0]  # type: ignore[no-any-return]

    return trainer.model, call


def trl_grpo(base: Any, tokenizer: Any, how: Given) -> tuple[Any, Call]:
    trainer = trainer_of("grpo", base, tokenizer, how, num_generations=8, per_device_train_batch_size=8, beta=0.0)
    trainer.current_gradient_accumulation_steps = 1

    def call(units: Sequence[Unit], total: int) -> torch.Tensor:
        rows = [row for unit in units for row in unit.rows]
        device = trainer.accelerator.device
        width = max(len(row.answer) for row in rows)
        prompts = torch.tensor([row.prompt for row in rows], device=device)
        mask = torch.tensor([[1] * len(r.answer) + [0] * (width - len(r.answer)) for r in rows], device=device)
        inputs = {
            "prompt_ids": prompts,
            "prompt_mask": torch.ones_like(prompts),
            "completion_ids": torch.tensor([[*r.answer, *[0] * (width - len(r.answer))] for r in rows], device=device),
            "completion_mask": mask,
            "advantages": torch.tensor(advantages(units), device=device),
            "num_items_in_batch": torch.tensor(total, device=device),
        }
        return trainer._compute_loss(trainer.model, inputs)  # type: ignore[no-any-return]

    return trainer.model, call


UNITS = {
    "simpo": UnitOfWork(lambda tokenizer: drawn(tokenizer, [0], 2), our_simpo, trl_simpo),
    "dpo": UnitOfWork(lambda tokenizer: drawn(tokenizer, [0], 2), our_dpo, trl_dpo, reference=True),
    "grpo": UnitOfWork(group, our_grpo, trl_grpo),
    "shared": UnitOfWork(lambda tokenizer: drawn(tokenizer, [0, 0, 0, 0], 1), our_sft, trl_sft),
    "unrelated": UnitOfWork(lambda tokenizer: drawn(tokenizer, [0, 1, 2, 3], 1), our_sft, trl_sft),
    "simpo-activated": UnitOfWork(lambda tokenizer: drawn(tokenizer, [0], 2), our_simpo, trl_simpo, activated=True),
    "dpo-activated": UnitOfWork(
        lambda tokenizer: drawn(tokenizer, [0], 2), our_dpo, trl_dpo, reference=True, activated=True
    ),
    "grpo-activated": UnitOfWork(group, our_grpo, trl_grpo, activated=True),
}


# what is measured


def flop_needed(base: Any, units: Sequence[Unit], work: UnitOfWork) -> float:
    """Of a forward and backward pass in which every token is computed once, the weights frozen: twice the
    multiplications of the linear layers (forward, and back to their inputs), attention three and a half times (its
    backward pass computes the scores anew), the head twice at labelled tokens. A reference is a forward pass more;
    under an activated adapter prompts have none but that. The adapter is not counted."""
    rows = [row for unit in units for row in unit.rows]
    tree = build_tree([[*row.prompt, *row.answer[:-1]] for row in rows])
    prompt = build_tree([row.prompt for row in rows])
    learnt, read = _forward(base, tree.positions, rows), _forward(base, prompt.positions, [])
    answers = _Flop(learnt.linear - read.linear, learnt.attention - read.attention)
    if work.activated:
        return read.linear + read.attention + answers.passes(1 + work.reference)
    return learnt.passes(1 + work.reference)


class _Flop(NamedTuple):
    """Of a forward pass."""

    linear: float
    attention: float

    def passes(self, forward: int) -> float:
        """So many passes, and back from the last."""
        return forward * (self.linear + self.attention) + self.linear + 2.5 * self.attention


def _forward(base: Any, positions: Any, rows: Sequence[Row]) -> _Flop:
    config = base.config.get_text_config()
    linear = sum(
        m.weight.numel() for n, m in base.named_modules() if isinstance(m, torch.nn.Linear) and "lm_head" not in n
    )
    pairs = sum(int(place) + 1 for place in positions)
    width = config.num_attention_heads * base.model.layers[0].self_attn.head_dim
    labels = sum(len(row.answer) for row in rows)
    head = config.vocab_size * config.hidden_size * labels
    return _Flop(2.0 * linear * len(positions) + 2.0 * head, 4.0 * width * pairs * config.num_hidden_layers)


def matmul_peak(device: torch.device) -> float:
    """Operations a second of a large matrix product."""
    left, right = (torch.randn(2048, 2048, device=device) for _ in range(2))
    times = []
    for _ in range(8):
        began = time.perf_counter()
        float((left @ right)[0, 0])
        times.append(time.perf_counter() - began)
    return 2 * 2048**3 / min(times)


def reset_peak(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
    else:
        Path("/proc/self/clear_refs").write_text("5")


def peak_gb(device: torch.device) -> float:
    """The most that the passes took, the model included."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated() / 1e9
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 / 1e9 for line in lines if line.startswith("VmHWM"))


if __name__ == "__main__":
    main()
