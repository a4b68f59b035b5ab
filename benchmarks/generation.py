"""Compare the speed and the answers of transformers and CTranslate2 on a CPU.

In: `benchset/documents/en`, split at headings, and the English questions of the benchset. Each prompt contains the
section with the answer and other sections. Out: two Markdown tables. In the first, backends take turns with a few
questions at a time, so that other load on the machine affects all of them equally; CPU seconds are more reliable than
wall seconds on a busy machine. The second is the speed of reading prompts.

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


class GoldChat(NamedTuple):
    """A chat and its reference answer."""

    chat: Chat
    answer: str


class Run:
    """Completions of one backend with one batch size, and the time that they took."""

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
    questions = make_questions(arguments.questions)
    slow = (
        "none" if pick_precision("auto", CPU) == "bf16" else "bf16"
    )  # without instructions for it: minutes a question
    names = [name for name in BACKENDS if (arguments.only in name and slow not in name) or name == REFERENCE[0]]
    print(f"{arguments.model}, {len(questions)} questions, {torch.get_num_threads()} thread(s)\n")
    compare(arguments.model, names, arguments.batch_sizes, questions)
    read_prompts(arguments.model, names, questions[:8])


def compare(spec: str, names: Sequence[str], batch_sizes: Sequence[int], questions: Sequence[GoldChat]) -> None:
    runs = {
        (name, size): Run(BACKENDS[name](spec, ModelSettings(max_new_tokens=MAX_NEW_TOKENS, batch_size=size)))
        for name in names
        # CTranslate2 runs one chat per thread, whatever the batch size
        for size in (batch_sizes if "transformers" in name else [max(batch_sizes)])
    }
    for run in runs.values():
        run.model.generate([questions[0].chat])
    turn = max(batch_sizes)
    for start in range(0, len(questions), turn):
        for run in runs.values():
            run.generate([question.chat for question in questions[start : start + turn]])
    reference = runs[REFERENCE]
    lengths = sorted(completion.prompt_tokens for completion in reference.completions)
    print(f"prompts of {lengths[0]} to {lengths[-1]} tokens, median {lengths[len(lengths) // 2]}\n")
    print(
        "| backend | batch | s/question | CPU s/question | times faster (CPU) | tokens/answer | same answer | ", end=""
    )
    print("token F1 to reference | token F1 to gold |\n|---|---|---|---|---|---|---|---|---|")
    for (name, size), run in runs.items():
        print(f"| {name} | {size} | {' | '.join(cells(run, reference, questions))} |", flush=True)


def cells(run: Run, reference: Run, questions: Sequence[GoldChat]) -> list[str]:
    texts, expected = ([completion.text for completion in r.completions] for r in (run, reference))
    count = len(texts)
    same = sum(left == right for left, right in zip(texts, expected, strict=True))
    close = sum(token_f1(left, right) for left, right in zip(texts, expected, strict=True)) / count
    right = sum(token_f1(text, question.answer) for text, question in zip(texts, questions, strict=True)) / count
    return [
        f"{run.wall_s / count:.2f}",
        f"{run.cpu_s / count:.2f}",
        f"{reference.cpu_s / run.cpu_s:.1f}",
        f"{sum(completion.completion_tokens for completion in run.completions) / count:.0f}",
        f"{same}/{count}",
        f"{close:.2f}",
        f"{right:.2f}",
    ]


def read_prompts(spec: str, names: Sequence[str], questions: Sequence[GoldChat]) -> None:
    print("\n| backend | prompt tokens/s (CPU) | seconds to open |\n|---|---|---|")
    for name in names:
        began = time.perf_counter()
        run = Run(BACKENDS[name](spec, ModelSettings(max_new_tokens=1, batch_size=1)))
        opened = time.perf_counter() - began
        run.generate([question.chat for question in questions])
        speed = sum(completion.prompt_tokens for completion in run.completions) / run.cpu_s
        print(f"| {name} | {speed:.0f} | {opened:.1f} |", flush=True)


def make_questions(count: int) -> list[GoldChat]:
    """Return answerable questions of all documents, each with its section among random ones."""
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
    questions = []
    for row in rows[:count]:
        quote = row["quotes"][0]["text"]
        gold = next(section for section in sections if quote in section[1])
        distractors = rng.sample([section for section in sections if section is not gold], SECTIONS - 1)
        chosen = [gold, *distractors]
        rng.shuffle(chosen)
        passages = [
            Passage(id=str(n), document_id=path.stem, text=text, start=0, end=len(text), metadata={"title": path.stem})
            for n, (path, text) in enumerate(chosen)
        ]
        questions.append(GoldChat(build_chat(row["question"], passages, "en"), row["answer"]))
    return questions


if __name__ == "__main__":
    main()
