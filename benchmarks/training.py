"""Benchmark of training: cost of one step with TRL at its defaults, TRL at its best settings, and opora.

In: a model and workloads made of `benchset/documents/en`: prompts of about 1,500 tokens, answers of about 100.
Out: a table in Markdown: CPU and wall seconds of the forward and backward passes of a workload, peak memory, the
floating-point operations that it needs, the share of the machine's matmul peak, and the difference of loss and
gradients from those of TRL. Each way runs in its own process, in turns. "TRL best" has gradient checkpointing off, its
head over labelled positions only (by default only on CUDA), and one row at a time, which is its fastest way on a CPU.

    OMP_NUM_THREADS=1 python benchmarks/training.py [--units simpo dpo grpo shared ...] [--model smollm2|qwen2]

Workloads named `activated` use an activated adapter, in PEFT and in opora.
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

from opora.models.backends.loading import load_causal_lm, load_tokenizer, pick_device
from opora.models.chat_template import invocation_ids
from opora.models.spec import parse_spec
from opora.train.engine.engine import Engine
from opora.train.engine.prefix_tree import build_tree
from opora.train.llm.batching import group_by_prefix
from opora.train.lora import add_lora
from opora.train.objectives.dpo import Dpo, DpoSettings
from opora.train.objectives.sft import Sft, SftSettings
from opora.train.objectives.simpo import Simpo, SimpoSettings
from opora.train.scorer import TokenizedExample, TokenizedRow
from opora.train.settings import LoraSettings

ROOT = Path(__file__).resolve().parents[1]
PROMPT, QUESTION, ANSWER = 1500, 25, 100
MAX_BATCH_TOKENS = 2560
"""Maximum tokens per forward pass of opora: the prompt and eight answers."""
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
        results: dict[str, list[dict[str, Any]]] = {way: [] for way in arguments.ways}
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
                    results[way].append(torch.load(file, weights_only=True))
        rows = {way: min(runs, key=lambda row: row["cpu_s"]) for way, runs in results.items() if runs}
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
    """Return the norm of the difference of all gradients, relative to the norm of `right`."""
    difference = sum(float((left[name] - right[name]).double().norm() ** 2) for name in right)
    return float((difference / sum(float(gradient.double().norm() ** 2) for gradient in right.values())) ** 0.5)


Call = Callable[[Sequence[TokenizedExample], int], torch.Tensor]
"""(examples of one pass, answer tokens of all examples) -> loss."""


class Workload(NamedTuple):
    """One workload. `make`: its examples; `loss`: computed by the engine; `trl`: (model with adapter, loss) of a
    trainer of TRL; `reference`: the model before training scores the answers too; `activated`: with an activated
    adapter."""

    make: Callable[[Any], list[TokenizedExample]]
    loss: Callable[[Engine, Sequence[TokenizedExample], int], torch.Tensor]
    trl: Callable[[Any, Any, TrlOptions], tuple[Any, Call]]
    reference: bool = False
    activated: bool = False


class TrlOptions(NamedTuple):
    """Options of a trainer of TRL: best or default settings, and the invocation tokens of an activated adapter."""

    best: bool
    invocation: list[int] | None


def measure(work: Workload, way: str, file: Path, arguments: argparse.Namespace) -> None:
    """Write seconds, memory, loss and gradients of one workload, after a short warm-up."""
    device = pick_device(arguments.device)
    base, tokenizer = load(arguments.model, device)
    examples = work.make(tokenizer)
    invocation = invocation_ids(tokenizer) if work.activated else None
    flop = flop_needed(base, examples, work)
    model, call = (
        ours(work, base, invocation) if way == OURS else work.trl(base, tokenizer, TrlOptions(way == BEST, invocation))
    )
    init_adapter(model)
    model.train()
    chunks = {
        DEFAULT: [examples],
        BEST: [[example] for example in examples],
        OURS: group_by_prefix(examples, MAX_BATCH_TOKENS),
    }[way]
    total = sum(example.answer_tokens for example in examples)
    call([shorten(example) for example in chunks[0]], total).backward()
    model.zero_grad()
    reset_peak(device)
    wall, cpu, loss = time.perf_counter(), time.process_time(), 0.0
    for chunk in chunks:
        value = call(chunk, total)
        value.backward()
        loss += float(value.detach())
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    gradients = {name: tensor.grad.cpu() for name, tensor in model.named_parameters() if tensor.grad is not None}
    row = {"wall_s": wall, "cpu_s": cpu, "peak_gb": peak_gb(device), "loss": loss, "flop": flop, "gradients": gradients}
    torch.save(row, file)


def ours(work: Workload, base: Any, invocation: list[int] | None) -> tuple[Any, Call]:
    model = add_lora(base, SftSettings(lora=LoraSettings(activated=work.activated, **LORA)), invocation)
    engine = Engine(model)
    return model, lambda examples, total: work.loss(engine, examples, total)


def init_adapter(model: Any) -> None:
    """Initialise the same adapter for every way, with nonzero B."""
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


# workloads


def text_ids(tokenizer: Any) -> list[int]:
    documents = sorted((ROOT / "benchset/documents/en").rglob("*.md"))
    return list(tokenizer("\n\n".join(path.read_text(encoding="utf-8") for path in documents))["input_ids"])


def draw_examples(tokenizer: Any, contexts: Sequence[int], answers: int) -> list[TokenizedExample]:
    """Return one example per number in `contexts`, each with `answers` rows of 80 to 120 answer tokens. Equal numbers
    share a context."""
    ids, rng, end = text_ids(tokenizer), random.Random(0), invocation_ids(tokenizer)

    def draw(size: int) -> list[int]:
        start = rng.randrange(len(ids) - size)
        return ids[start : start + size]

    texts = {number: draw(PROMPT - QUESTION) for number in sorted(set(contexts))}
    examples = []
    for index, context in enumerate(contexts):
        prompt = texts[context] + draw(QUESTION) + end
        rows = [TokenizedRow(prompt, draw(rng.randint(ANSWER - 20, ANSWER + 20))) for _ in range(answers)]
        examples.append(TokenizedExample(str(index), tuple(rows)))
    return examples


def draw_group(tokenizer: Any) -> list[TokenizedExample]:
    """Return eight examples with one prompt."""
    [example] = draw_examples(tokenizer, [0], 8)
    return [TokenizedExample(str(index), (row,)) for index, row in enumerate(example.rows)]


def shorten(example: TokenizedExample) -> TokenizedExample:
    return example._replace(rows=tuple(TokenizedRow(row.prompt[-32:], row.answer[:4]) for row in example.rows))


def advantages(examples: Sequence[TokenizedExample]) -> list[float]:
    return [(-1.0) ** int(example.id) * (1 + int(example.id)) for example in examples]


# losses of opora


def our_sft(engine: Engine, examples: Sequence[TokenizedExample], total: int) -> torch.Tensor:
    return Sft().loss(engine, examples).loss / total


def our_simpo(engine: Engine, examples: Sequence[TokenizedExample], total: int) -> torch.Tensor:
    return Simpo(SimpoSettings()).loss(engine, examples).loss


def our_dpo(engine: Engine, examples: Sequence[TokenizedExample], total: int) -> torch.Tensor:
    return Dpo(DpoSettings()).loss(engine, examples).loss


def our_grpo(engine: Engine, examples: Sequence[TokenizedExample], total: int) -> torch.Tensor:
    """Return the on-policy clipped surrogate of Shao et al. 2024 (arXiv:2402.03300, equation 3), averaged over
    tokens."""
    scores = engine.score([row for example in examples for row in example.rows])
    terms = [
        -advantage * torch.exp(score.logprobs - score.logprobs.detach()).sum()
        for advantage, score in zip(advantages(examples), scores, strict=True)
    ]
    return torch.stack(terms).sum() / total


# losses of the trainers of TRL


def trainer_of(kind: str, base: Any, tokenizer: Any, options: TrlOptions, **settings: Any) -> Any:
    import trl
    import trl.experimental.cpo
    from datasets import Dataset
    from peft import LoraConfig

    if options.best:
        utils: Any = trl.trainer.utils
        utils._use_triton = lambda device: True  # its head over labelled positions only, as on CUDA
    names = {
        "cpo": ("CPOTrainer", "CPOConfig"),
        "sft": ("SFTTrainer", "SFTConfig"),
        "dpo": ("DPOTrainer", "DPOConfig"),
        "grpo": ("GRPOTrainer", "GRPOConfig"),
    }
    Trainer, Config = (getattr(trl.experimental.cpo if kind == "cpo" else trl, name) for name in names[kind])
    settings = {"output_dir": tempfile.mkdtemp(), "report_to": "none", "bf16": False, **settings}
    settings |= {"gradient_checkpointing": False} if options.best else {}
    lora = LoraConfig(
        r=LORA["r"], lora_alpha=LORA["alpha"], target_modules="all-linear", task_type="CAUSAL_LM",
        alora_invocation_tokens=options.invocation,
    )  # fmt: skip
    texts = (
        {"prompt": "a", "chosen": "b", "rejected": "c"}
        if kind in ("dpo", "cpo")
        else {"prompt": "a", "completion": "b"}
    )
    rewards = {"reward_funcs": lambda completions, **_: [0.0] * len(completions)} if kind == "grpo" else {}
    data = Dataset.from_list([texts] * 8)
    return Trainer(
        model=base, args=Config(**settings), train_dataset=data, processing_class=tokenizer, peft_config=lora, **rewards
    )


def padded(rows: Sequence[TokenizedRow], device: torch.device) -> dict[str, torch.Tensor]:
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


def trl_sft(base: Any, tokenizer: Any, options: TrlOptions) -> tuple[Any, Call]:
    trainer = trainer_of("sft", base, tokenizer, options, max_length=None)

    def call(examples: Sequence[TokenizedExample], total: int) -> torch.Tensor:
        inputs = padded([row for example in examples for row in example.rows], trainer.accelerator.device)
        return trainer.compute_loss(trainer.model, inputs, num_items_in_batch=torch.tensor(total))  # type: ignore[no-any-return]

    return trainer.model, call


def trl_dpo(base: Any, tokenizer: Any, options: TrlOptions) -> tuple[Any, Call]:
    trainer = trainer_of("dpo", base, tokenizer, options, max_length=None, beta=0.1)

    def call(examples: Sequence[TokenizedExample], total: int) -> torch.Tensor:
        inputs = padded([example.rows[n] for n in (0, 1) for example in examples], trainer.accelerator.device)
        inputs["completion_mask"] = (inputs.pop("labels") != -100).long()
        return trainer.compute_loss(trainer.model, inputs)  # type: ignore[no-any-return]

    return trainer.model, call


def trl_simpo(base: Any, tokenizer: Any, options: TrlOptions) -> tuple[Any, Call]:
    """CPOTrainer has no head over labelled positions: its best is to switch gradient checkpointing off."""
    settings = {"loss_type": "simpo", "cpo_alpha": 0.0, "beta": 2.0, "simpo_gamma": 1.0, "max_length": None}
    trainer = trainer_of("cpo", base, tokenizer, options, **settings)

    def call(examples: Sequence[TokenizedExample], total: int) -> torch.Tensor:
        batch: dict[str, torch.Tensor] = {}
        for number, name in enumerate(("chosen", "rejected")):
            inputs = padded([example.rows[number] for example in examples], trainer.accelerator.device)
            batch |= {f"{name}_{key}": value for key, value in inputs.items()}
        return trainer.get_batch_loss_metrics(trainer.model, batch)[0]  # type: ignore[no-any-return]

    return trainer.model, call


def trl_grpo(base: Any, tokenizer: Any, options: TrlOptions) -> tuple[Any, Call]:
    trainer = trainer_of("grpo", base, tokenizer, options, num_generations=8, per_device_train_batch_size=8, beta=0.0)
    trainer.current_gradient_accumulation_steps = 1

    def call(examples: Sequence[TokenizedExample], total: int) -> torch.Tensor:
        rows = [row for example in examples for row in example.rows]
        device = trainer.accelerator.device
        width = max(len(row.answer) for row in rows)
        prompts = torch.tensor([row.prompt for row in rows], device=device)
        mask = torch.tensor([[1] * len(r.answer) + [0] * (width - len(r.answer)) for r in rows], device=device)
        inputs = {
            "prompt_ids": prompts,
            "prompt_mask": torch.ones_like(prompts),
            "completion_ids": torch.tensor([[*r.answer, *[0] * (width - len(r.answer))] for r in rows], device=device),
            "completion_mask": mask,
            "advantages": torch.tensor(advantages(examples), device=device),
            "num_items_in_batch": torch.tensor(total, device=device),
        }
        return trainer._compute_loss(trainer.model, inputs)  # type: ignore[no-any-return]

    return trainer.model, call


UNITS = {
    "simpo": Workload(lambda tokenizer: draw_examples(tokenizer, [0], 2), our_simpo, trl_simpo),
    "dpo": Workload(lambda tokenizer: draw_examples(tokenizer, [0], 2), our_dpo, trl_dpo, reference=True),
    "grpo": Workload(draw_group, our_grpo, trl_grpo),
    "shared": Workload(lambda tokenizer: draw_examples(tokenizer, [0, 0, 0, 0], 1), our_sft, trl_sft),
    "unrelated": Workload(lambda tokenizer: draw_examples(tokenizer, [0, 1, 2, 3], 1), our_sft, trl_sft),
    "simpo-activated": Workload(
        lambda tokenizer: draw_examples(tokenizer, [0], 2), our_simpo, trl_simpo, activated=True
    ),
    "dpo-activated": Workload(
        lambda tokenizer: draw_examples(tokenizer, [0], 2), our_dpo, trl_dpo, reference=True, activated=True
    ),
    "grpo-activated": Workload(draw_group, our_grpo, trl_grpo, activated=True),
}


# measurement


def flop_needed(base: Any, examples: Sequence[TokenizedExample], work: Workload) -> float:
    """Return the operations of a forward and backward pass that computes every token once, with frozen weights: linear
    layers twice (forward, and back to their inputs), attention three and a half times (its backward pass recomputes the
    scores), the head twice at labelled tokens. A reference adds a forward pass; with an activated adapter prompts have
    one forward pass in all. The adapter is not counted."""
    rows = [row for example in examples for row in example.rows]
    tree = build_tree([[*row.prompt, *row.answer[:-1]] for row in rows])
    prompt = build_tree([row.prompt for row in rows])
    whole, prompts = _forward(base, tree.positions, rows), _forward(base, prompt.positions, [])
    answers = _Flop(whole.linear - prompts.linear, whole.attention - prompts.attention)
    if work.activated:
        return prompts.linear + prompts.attention + answers.passes(1 + work.reference)
    return whole.passes(1 + work.reference)


class _Flop(NamedTuple):
    """Operations of one forward pass."""

    linear: float
    attention: float

    def passes(self, forward: int) -> float:
        """Return the operations of `forward` forward passes and one backward pass."""
        return forward * (self.linear + self.attention) + self.linear + 2.5 * self.attention


def _forward(base: Any, positions: Any, rows: Sequence[TokenizedRow]) -> _Flop:
    config = base.config.get_text_config()
    linear = sum(
        m.weight.numel() for n, m in base.named_modules() if isinstance(m, torch.nn.Linear) and "lm_head" not in n
    )
    pairs = sum(int(position) + 1 for position in positions)
    width = config.num_attention_heads * base.model.layers[0].self_attn.head_dim
    labels = sum(len(row.answer) for row in rows)
    head = config.vocab_size * config.hidden_size * labels
    return _Flop(2.0 * linear * len(positions) + 2.0 * head, 4.0 * width * pairs * config.num_hidden_layers)


def matmul_peak(device: torch.device) -> float:
    """Return the operations per second of a large matrix product."""
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
    """Return the peak memory of the passes, including the model."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated() / 1e9
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 / 1e9 for line in lines if line.startswith("VmHWM"))


if __name__ == "__main__":
    main()
