"""Speed of ROUGE-L, compared with the package `rouge-score` (Google, pure Python) and a plain dynamic programme.

In: pairs of consecutive English reference answers of the benchmark set, and of passages of about 150 words. Out: pairs
per second on one thread, measured in one run with empty caches, and the largest difference of the F1 values. They
differ because our tokens are words of any script, those of `rouge-score` lower-case Latin letters and digits.

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
TextPair = tuple[str, str]
Measure = Callable[[str, str], float]


def main() -> None:
    scorer = RougeScorer(["rougeL"])
    implementations: dict[str, Measure] = {
        "rouge-score": lambda answer, reference: float(scorer.score(reference, answer)["rougeL"].fmeasure),
        "plain": plain,
        "opora": lambda answer, reference: rouge_l(answer, reference).f1,
    }
    speed_heads = " | ".join(f"{name}, pairs/s" for name in implementations)
    print(f"| texts | words | {speed_heads} | times rouge-score | largest gap |")
    print("|---|---|" + "---|" * (len(implementations) + 2))
    for name, pairs in (("answers", answers()), ("passages", passages())):
        speeds, values = {}, {}
        for implementation, measure in implementations.items():
            measure(*pairs[0])
            tokens.cache_clear()
            start = time.process_time()
            values[implementation] = [measure(*pair) for pair in pairs]
            speeds[implementation] = len(pairs) / (time.process_time() - start)
        size = sum(len(tokens(text)) for pair in pairs for text in pair) / (2 * len(pairs))
        gap = max(abs(theirs - ours) for theirs, ours in zip(values["rouge-score"], values["opora"], strict=True))
        cells = " | ".join(f"{speed:,.0f}" for speed in speeds.values())
        print(f"| {name} | {size:.0f} | {cells} | {speeds['opora'] / speeds['rouge-score']:.1f} | {gap:.4f} |")


def plain(answer: str, reference: str) -> float:
    """Return ROUGE-L F1 by the textbook table of the longest common subsequence."""
    left, right = tokens(answer), tokens(reference)
    row = [0] * (len(right) + 1)
    for left_token in left:
        above = row
        row = [0]
        for position, right_token in enumerate(right):
            is_common = left_token == right_token
            row.append(above[position] + 1 if is_common else max(row[-1], above[position + 1]))
    return 2 * row[-1] / (len(left) + len(right)) if left or right else 0.0


def answers() -> Sequence[TextPair]:
    lines = [
        json.loads(line)
        for path in sorted((ROOT / "benchset").glob("questions.en.*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    texts = [row["answer"] for row in lines if row["behavior"] != "refuse"]
    return list(itertools.pairwise(texts))


def passages() -> Sequence[TextPair]:
    texts = []
    for path in sorted((ROOT / "benchset/documents/en").rglob("*.md")):
        words = path.read_text(encoding="utf-8").split()
        texts += [" ".join(words[start : start + 150]) for start in range(0, len(words) - 150, 150)]
    return list(itertools.pairwise(texts))


if __name__ == "__main__":
    main()
