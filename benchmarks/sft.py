"""What a training pass costs: the usual way (a padded batch, logits at every position) against opora's and others.

In: RAG-shaped rows (a few sections of `sample/documents/en` before a question, its answer) and a model. Out: two tables
in Markdown. In the first, each way takes the forward and backward passes of the same rows, in a process of its own, so
that its peak memory is its own; the losses must agree. CPU seconds say more than wall seconds on a busy machine. In the
second, what bf16 costs on this machine, on one short row: without instructions for it a long one would take minutes.

    OMP_NUM_THREADS=2 python benchmarks/sft.py [--rows 4] [--model smollm2] [--precision fp32] [--rounds 1]
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from opora.answer.prompt import build_chat
from opora.models.local import load_causal_lm, pick_device
from opora.models.spec import parse_spec
from opora.models.template import encode_example
from opora.records import Message, Passage
from opora.train.batch import TokenExample
from opora.train.lora import add_lora
from opora.train.loss import answer_loss
from opora.train.settings import SftSettings
from opora.train.sft import in_precision, pick_precision

ROOT = Path(__file__).resolve().parents[1]
CHARS_OF_PASSAGES = 2000
SHORT_PROMPT, SHORT_ANSWER = 24, 8
TOLERANCE = {"fp32": 1e-4, "bf16": 0.02}

OURS = "opora: single rows, answer logits"

Forward = Callable[[Any, Sequence[TokenExample]], torch.Tensor]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--model", default="smollm2")
    parser.add_argument("--precision", default="auto", choices=["auto", "fp32", "bf16"])
    parser.add_argument("--child", nargs=2, metavar=("WAY", "ROWS"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        way, shape = arguments.child
        print(json.dumps(measure(*WAYS[way], arguments, short=shape == "short")))
        return
    precision = pick_precision(arguments.precision, pick_device("auto"))
    print(f"{arguments.model}, {torch.get_num_threads()} thread(s), forward and backward passes of LoRA, r 32\n")
    compare_ways(arguments, precision)
    compare_precisions(arguments)


def compare_ways(arguments: argparse.Namespace, precision: str) -> None:
    print(f"{precision}, {arguments.rows} rows\n")
    print("| way | tokens/s | tokens/CPU s | times faster (CPU) | peak memory of the passes, MB | loss a token |")
    print("|---|---|---|---|---|---|")
    reference: dict[str, Any] = {}
    for way in WAYS:
        row = in_child(arguments, way, precision, "long")
        reference = reference or row
        ratio = reference["cpu_s"] / row["cpu_s"]
        print(
            f"| {way} | {row['tokens'] / row['wall_s']:.0f} | {row['tokens'] / row['cpu_s']:.0f} | {ratio:.2f} |"
            f" {row['peak_mb']:.0f} | {row['loss']:.5f} |",
            flush=True,
        )
        if abs(row["loss"] / reference["loss"] - 1) > TOLERANCE[precision]:
            sys.exit(f"{way}: the loss is {row['loss']}, that of the first way {reference['loss']}")
    print(f"\nrows of {reference['prompt']} prompt tokens and {reference['answer']} answer tokens in the mean")


def compare_precisions(arguments: argparse.Namespace) -> None:
    has = pick_precision("auto", pick_device("auto")) == "bf16"
    shape = "long" if has else "short"
    print(f"\nbf16 {'has' if has else 'has no'} instructions here; {shape} rows\n")
    print(
        "| precision | tokens/s | tokens/CPU s | peak memory of the passes, MB | loss a token |\n|---|---|---|---|---|"
    )
    for precision in ("fp32", "bf16"):
        row = in_child(arguments, OURS, precision, shape)
        print(
            f"| {precision} | {row['tokens'] / row['wall_s']:.1f} | {row['tokens'] / row['cpu_s']:.1f} |"
            f" {row['peak_mb']:.0f} | {row['loss']:.5f} |",
            flush=True,
        )


def in_child(arguments: argparse.Namespace, way: str, precision: str, shape: str) -> dict[str, Any]:
    command = [sys.executable, __file__, "--rows", str(arguments.rows), "--rounds", str(arguments.rounds)]
    command += ["--model", arguments.model, "--precision", precision, "--child", way, shape]
    quiet = {**os.environ, "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=quiet)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def measure(forward: Forward, one_by_one: bool, arguments: argparse.Namespace, short: bool) -> dict[str, Any]:
    """Seconds, memory and loss of one way, after a short pass for warming up."""
    device = pick_device("auto")
    dtype = torch.bfloat16 if arguments.precision == "bf16" else torch.float32
    model, tokenizer = load_causal_lm(parse_spec(arguments.model), dtype, device)
    examples = [cut(encode(tokenizer, *each), short) for each in rows(1 if short else arguments.rows)]
    model = add_lora(model, SftSettings(model=arguments.model)).train()
    compute: Any = in_precision(forward, arguments.precision, device)  # type: ignore[arg-type]
    compute(model, [cut(examples[0], short=True)]).backward()
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew: loading took more than the model is
    before = resident_mb("VmRSS")
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(arguments.rounds):
        total = 0.0
        for batch in [[each] for each in examples] if one_by_one else [examples]:
            loss = compute(model, batch)
            loss.backward()
            total += float(loss.detach())
    answers = sum(len(each.answer) for each in examples)
    return {
        "wall_s": time.perf_counter() - wall,
        "cpu_s": time.process_time() - cpu,
        "peak_mb": resident_mb("VmHWM") - before,
        "loss": total / answers,
        "tokens": arguments.rounds * sum(each.length for each in examples),
        "prompt": sum(len(each.prompt) for each in examples) // len(examples),
        "answer": answers // len(examples),
    }


def padded(model: Any, examples: Sequence[TokenExample]) -> torch.Tensor:
    """The usual way: rows padded to the longest, logits at every position, the prompt's then thrown away."""
    width = max(each.length for each in examples)
    ids = torch.tensor([e.prompt + e.answer + [0] * (width - e.length) for e in examples])
    labels = torch.tensor([[-100] * len(e.prompt) + e.answer + [-100] * (width - e.length) for e in examples])
    mask = torch.tensor([[1] * e.length + [0] * (width - e.length) for e in examples])
    logits = model(input_ids=ids, attention_mask=mask, use_cache=False).logits[:, :-1]
    return torch.nn.functional.cross_entropy(logits.float().flatten(0, 1), labels[:, 1:].flatten(), reduction="sum")


def packed(model: Any, examples: Sequence[TokenExample]) -> torch.Tensor:
    """All rows as one, attention within each row only, logits at answer positions only."""
    ids = torch.tensor([[token for e in examples for token in e.prompt + e.answer]])
    positions = torch.tensor([[place for e in examples for place in range(e.length)]])
    owner = torch.tensor([number for number, e in enumerate(examples) for _ in range(e.length)])
    allowed = (owner[:, None] == owner[None]).tril()[None, None]
    starts = [sum(e.length for e in examples[:number]) + len(e.prompt) for number, e in enumerate(examples)]
    targets = torch.tensor([start + n for start, e in zip(starts, examples, strict=True) for n in range(len(e.answer))])
    base = model.get_base_model()
    hidden = base.model(input_ids=ids, position_ids=positions, attention_mask=allowed, use_cache=False)[0][0]
    logits = base.lm_head(hidden[targets - 1])
    return torch.nn.functional.cross_entropy(logits.float(), ids[0, targets], reduction="sum")


def opora(model: Any, examples: Sequence[TokenExample]) -> torch.Tensor:
    return answer_loss(model, examples).loss


WAYS: dict[str, tuple[Forward, bool]] = {
    "padded batch, all logits": (padded, False),
    "single rows, all logits": (padded, True),
    "packed, answer logits": (packed, False),
    OURS: (opora, True),
}
"""Name -> forward pass, and whether it takes one row at a time."""


def rows(count: int) -> list[tuple[str, str, list[Passage]]]:
    """(question, answer, passages) of the sample: the section with the answer and others, shuffled."""
    documents = sorted((ROOT / "sample/documents/en").rglob("*.md"))
    sections = [text for path in documents for text in path.read_text(encoding="utf-8").split("\n## ")]
    lines = [
        json.loads(line)
        for path in sorted((ROOT / "sample").glob("questions.en.*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    asked = [row for row in lines if row["behavior"] == "answer" and len(row["quotes"]) == 1]
    rng = random.Random(0)
    rng.shuffle(asked)
    found = []
    for row in asked[:count]:
        quote = row["quotes"][0]["text"]
        shown = [next(each for each in sections if quote in each)]
        while sum(map(len, shown)) < CHARS_OF_PASSAGES:
            shown.append(rng.choice(sections))
        rng.shuffle(shown)
        passages = [Passage(id=str(n), document_id="d", text=t, start=0, end=len(t)) for n, t in enumerate(shown)]
        found.append((row["question"], f'Quote: "{quote}"\nAnswer: {row["answer"]}', passages))
    return found


def encode(tokenizer: Any, question: str, answer: str, passages: Sequence[Passage]) -> TokenExample:
    messages = [*build_chat(question, passages, "en"), Message(role="assistant", content=answer)]
    return TokenExample(question, *encode_example(tokenizer, messages))


def cut(example: TokenExample, short: bool) -> TokenExample:
    if not short:
        return example
    return example._replace(prompt=example.prompt[-SHORT_PROMPT:], answer=example.answer[:SHORT_ANSWER])


def resident_mb(field: str) -> float:
    """Of this process: VmRSS is its memory now, VmHWM the most it ever had."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(field))


if __name__ == "__main__":
    main()
