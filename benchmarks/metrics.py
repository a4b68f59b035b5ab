"""How fast ROUGE-L is, beside the package `rouge-score` (Google's, pure Python) and a plain dynamic programme.

In: the English reference answers of the benchmark, each beside the next, and passages of about 150 words likewise, so
that a text stands in two pairs. Out: pairs a second on one thread, side by side in one run, nothing kept from the run
before, and how far the F1 values differ: our tokens are words of any script, theirs lower-case Latin letters and
digits.

    pip install rouge-score && python benchmarks/metrics.py
"""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from rouge_score.rouge_scorer import RougeScorer

from opora.metrics.rouge import rouge_l, tokens

ROOT = Path(__file__).resolve().parents[1]
Pair = tuple[str, str]
Measure = Callable[[str, str], float]


def main() -> None:
    scorer = RougeScorer(["rougeL"])
    ways: dict[str, Measure] = {
        "rouge-score": lambda answer, reference: float(scorer.score(reference, answer)["rougeL"].fmeasure),
        "plain": plain,
        "opora": lambda answer, reference: rouge_l(answer, reference).f1,
    }
    print(
        "| texts | words | " + " | ".join(f"{name}, pairs/s" for name in ways) + " | times rouge-score | largest gap |"
    )
    print("|---|---|" + "---|" * (len(ways) + 2))
    for name, pairs in (("answers", answers()), ("passages", passages())):
        speeds, values = {}, {}
        for way, measure in ways.items():
            measure(*pairs[0])
            tokens.cache_clear()
            began = time.process_time()
            values[way] = [measure(*pair) for pair in pairs]
            speeds[way] = len(pairs) / (time.process_time() - began)
        size = sum(len(tokens(text)) for pair in pairs for text in pair) / (2 * len(pairs))
        gap = max(abs(one - other) for one, other in zip(values["rouge-score"], values["opora"], strict=True))
        cells = " | ".join(f"{speed:,.0f}" for speed in speeds.values())
        print(f"| {name} | {size:.0f} | {cells} | {speeds['opora'] / speeds['rouge-score']:.1f} | {gap:.4f} |")


def plain(answer: str, reference: str) -> float:
    """The textbook's table of the longest common subsequence."""
    left, right = tokens(answer), tokens(reference)
    row = [0] * (len(right) + 1)
    for one in left:
        above = row
        row = [0]
        for place, other in enumerate(right):
            row.append(above[place] + 1 if one == other else max(row[-1], above[place + 1]))
    return 2 * row[-1] / (len(left) + len(right)) if left or right else 0.0


def answers() -> Sequence[Pair]:
    lines = [
        json.loads(line)
        for path in sorted((ROOT / "benchset").glob("questions.en.*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    texts = [row["answer"] for row in lines if row["behavior"] != "refuse"]
    return list(itertools.pairwise(texts))


def passages() -> Sequence[Pair]:
    texts = []
    for path in sorted((ROOT / "benchset/documents/en").rglob("*.md")):
        words = path.read_text(encoding="utf-8").split()
        texts += [" ".join(words[at : at + 150]) for at in range(0, len(words) - 150, 150)]
    return list(itertools.pairwise(texts))


if __name__ == "__main__":
    main()
