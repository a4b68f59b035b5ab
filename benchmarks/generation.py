"""Which backend answers fastest on a CPU, and how often its answers differ: transformers against CTranslate2.

In: `benchset/documents/en`, cut at headings, and the sample's English questions. Each prompt holds the section with the
answer and sections of other documents. Out: two tables in Markdown. In the first every backend answers the same
questions in turn, a few at a time, so that whatever else the machine does falls on all of them alike; CPU seconds say
more than wall seconds on a busy machine. In the second, prompts alone: how fast they are read.

    OMP_NUM_THREADS=2 python benchmarks/generation.py [--questions 24] [--model smollm2]
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import torch

from opora.answer.prompt import build_chat
from opora.metrics.rouge import token_f1
from opora.models.backends.ctranslate2 import CTranslateModel
from opora.models.backends.transformers import TransformersModel
from opora.models.base import Chat, Completion, LanguageModel
from opora.models.settings import ModelSettings
from opora.records import Passage
from opora.train.llm.run import pick_precision

ROOT = Path(__file__).resolve().parents[1]
SECTIONS = 6
MAX_NEW_TOKENS = 60
CPU = torch.device("cpu")

Open = Callable[[str, ModelSettings], LanguageModel]
BACKENDS: dict[str, Open] = {
    "transformers fp32": lambda spec, settings: TransformersModel(spec, settings, CPU, torch.float32),
    "transformers bf16": lambda spec, settings: TransformersModel(spec, settings, CPU, torch.bfloat16),
    "CTranslate2 float32": lambda spec, settings: CTranslateModel(spec, settings),
    "CTranslate2 int8": lambda spec, settings: CTranslateModel(
        spec, settings.model_copy(update={"quantization": "int8"})
    ),
}
REFERENCE = ("transformers fp32", 1)


class Asked(NamedTuple):
    chat: Chat
    answer: str


class Run:
    """What one backend did with one batch size."""

    def __init__(self, model: LanguageModel) -> None:
        self.model = model
        self.completions: list[Completion] = []
        self.wall_s = self.cpu_s = 0.0

    def generate(self, chats: Sequence[Chat]) -> None:
        wall, cpu = time.perf_counter(), time.process_time()
        self.completions += self.model.generate(chats)
        self.wall_s += time.perf_counter() - wall
        self.cpu_s += time.process_time() - cpu


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--questions", type=int, default=24)
    parser.add_argument("--model", default="smollm2")
    parser.add_argument("--batch-sizes", type=int, nargs="+", default=[1, 8])
    parser.add_argument("--only", default="", help="only backends whose name contains this, and the reference")
    arguments = parser.parse_args()
    asked = questions(arguments.questions)
    slow = (
        "none" if pick_precision("auto", CPU) == "bf16" else "bf16"
    )  # without instructions for it: minutes a question
    names = [name for name in BACKENDS if (arguments.only in name and slow not in name) or name == REFERENCE[0]]
    print(f"{arguments.model}, {len(asked)} questions, {torch.get_num_threads()} thread(s)\n")
    compare(arguments.model, names, arguments.batch_sizes, asked)
    read_prompts(arguments.model, names, asked[:8])


def compare(spec: str, names: Sequence[str], batch_sizes: Sequence[int], asked: Sequence[Asked]) -> None:
    runs = {
        (name, size): Run(BACKENDS[name](spec, ModelSettings(max_new_tokens=MAX_NEW_TOKENS, batch_size=size)))
        for name in names
        # CTranslate2 takes the chats of a turn one a thread, whatever the size of a batch
        for size in (batch_sizes if "transformers" in name else [max(batch_sizes)])
    }
    for run in runs.values():
        run.model.generate([asked[0].chat])
    turn = max(batch_sizes)
    for at in range(0, len(asked), turn):
        for run in runs.values():
            run.generate([each.chat for each in asked[at : at + turn]])
    reference = runs[REFERENCE]
    lengths = sorted(each.prompt_tokens for each in reference.completions)
    print(f"prompts of {lengths[0]} to {lengths[-1]} tokens, median {lengths[len(lengths) // 2]}\n")
    print(
        "| backend | batch | s/question | CPU s/question | times faster (CPU) | tokens/answer | same answer | ", end=""
    )
    print("token F1 to reference | token F1 to gold |\n|---|---|---|---|---|---|---|---|---|")
    for (name, size), run in runs.items():
        print(f"| {name} | {size} | {' | '.join(cells(run, reference, asked))} |", flush=True)


def cells(run: Run, reference: Run, asked: Sequence[Asked]) -> list[str]:
    texts, expected = ([each.text for each in one.completions] for one in (run, reference))
    count = len(texts)
    same = sum(left == right for left, right in zip(texts, expected, strict=True))
    close = sum(token_f1(left, right) for left, right in zip(texts, expected, strict=True)) / count
    right = sum(token_f1(text, each.answer) for text, each in zip(texts, asked, strict=True)) / count
    return [
        f"{run.wall_s / count:.2f}",
        f"{run.cpu_s / count:.2f}",
        f"{reference.cpu_s / run.cpu_s:.1f}",
        f"{sum(each.completion_tokens for each in run.completions) / count:.0f}",
        f"{same}/{count}",
        f"{close:.2f}",
        f"{right:.2f}",
    ]


def read_prompts(spec: str, names: Sequence[str], asked: Sequence[Asked]) -> None:
    print("\n| backend | prompt tokens/s (CPU) | seconds to open |\n|---|---|---|")
    for name in names:
        began = time.perf_counter()
        run = Run(BACKENDS[name](spec, ModelSettings(max_new_tokens=1, batch_size=1)))
        opened = time.perf_counter() - began
        run.generate([each.chat for each in asked])
        speed = sum(each.prompt_tokens for each in run.completions) / run.cpu_s
        print(f"| {name} | {speed:.0f} | {opened:.1f} |", flush=True)


def questions(count: int) -> list[Asked]:
    """Questions that have an answer, from all documents in turn, each with its section and others, shuffled."""
    sections = [
        (path, text)
        for path in sorted((ROOT / "benchset/documents/en").rglob("*.md"))
        for text in path.read_text(encoding="utf-8").split("\n## ")
    ]
    lines = [
        json.loads(line)
        for path in sorted((ROOT / "benchset").glob("questions.en.*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    rows = [row for row in lines if row["behavior"] == "answer" and len(row["quotes"]) == 1]
    rng = random.Random(0)
    rng.shuffle(rows)
    asked = []
    for row in rows[:count]:
        quote = row["quotes"][0]["text"]
        gold = next(each for each in sections if quote in each[1])
        others = rng.sample([each for each in sections if each is not gold], SECTIONS - 1)
        shown = [gold, *others]
        rng.shuffle(shown)
        passages = [
            Passage(id=str(n), document_id=path.stem, text=text, start=0, end=len(text), metadata={"title": path.stem})
            for n, (path, text) in enumerate(shown)
        ]
        asked.append(Asked(build_chat(row["question"], passages, "en"), row["answer"]))
    return asked


if __name__ == "__main__":
    main()
