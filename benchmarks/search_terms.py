"""How fast terms are made, and whether lemmas are those of pymorphy3.

In: a folder with `ru_chunks.jsonl.gz` ({source, text}). Out: passages a processor second, cold (every word new) by the
number of passages, warm, and beside it those of `str.split`; the words whose lemma differs from pymorphy3's first.

Warm figures are the best of eight rounds for each 200 passages, as other work on the machine makes timings noisy.

    python benchmarks/search_terms.py [DATA]
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import resource
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from pymorphy3 import MorphAnalyzer
from pymorphy3.dawg import EXTENSION_AVAILABLE

from opora.text.search_terms import search_terms
from opora.text.terms import normal_form, term
from opora.text.words import normalize_case, word_texts

ROUNDS, BATCH = 8, 200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", nargs="?", type=Path, default=Path(__file__).resolve().parents[2] / "shared" / "data")
    with gzip.open(parser.parse_args().data / "ru_chunks.jsonl.gz", "rt", encoding="utf-8") as file:
        texts = [json.loads(line)["text"] for line in file]
    random.Random(0).shuffle(texts)
    length = sum(len(text.split()) for text in texts) / len(texts)
    print(f"{len(texts)} passages of {length:.0f} words; DAWG2: {EXTENSION_AVAILABLE}")
    cold(texts)
    for name, function in {"search_terms": lambda text: search_terms(text, "ru"), "str.split": str.split}.items():
        print(f"warm, {name}: {len(texts) / quiet(function, texts):.0f} passages/s")
    compare({normalize_case(word) for text in texts for word in word_texts(text) if normalize_case(word).isalpha()})


def cold(texts: Sequence[str]) -> None:
    term("а", "ru")  # the dictionary
    memory, began = peak_mb(), time.process_time()
    for count, text in enumerate(texts, 1):
        search_terms(text, "ru")
        if count % 4000 == 0:
            seconds = time.process_time() - began
            print(f"cold, {count} passages: {seconds:.1f} s, {peak_mb() - memory} MB")


def quiet(function: Callable[[str], object], texts: Sequence[str]) -> float:
    """The processor seconds of all texts, each batch at its best."""
    total = 0.0
    for start in range(0, len(texts), BATCH):
        laps = []
        for _ in range(ROUNDS):
            began = time.process_time()
            for text in texts[start : start + BATCH]:
                function(text)
            laps.append(time.process_time() - began)
        total += min(laps)
    return total


def compare(words: set[str]) -> None:
    analyzer = MorphAnalyzer()
    russian = sorted(word for word in words if any("а" <= letter <= "я" for letter in word))
    began = time.process_time()
    ours = list(map(normal_form, russian))
    middle = time.process_time()
    theirs = [analyzer.parse(word)[0].normal_form for word in russian]
    each = [1e6 * seconds / len(russian) for seconds in (middle - began, time.process_time() - middle)]
    different = sum(one != other for one, other in zip(ours, theirs, strict=True))
    print(f"{len(russian)} Russian words, {different} with another lemma; µs: {each[0]:.0f}, pymorphy3 {each[1]:.0f}")


def peak_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    main()
