"""Measure dense retrieval with each embedder, from means of word vectors to a trained model.

In: the folder of pairs that benchmarks/retrieval.py reads. Out: a Markdown table: recall@1, recall@10 and MRR@10 on the
questions of one half, and seconds to embed the passages. A trained embedder is trained on passages only, never on
questions; the passages of both halves are in the corpus.

    python benchmarks/embedders.py [DATA] [--half tune] [--limit 1000] [--trained SETTING=VALUE ...]
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from unittest.mock import patch

import numpy as np
from corpora import draw_questions, read_pairs, write_pairs

from opora.corpus.reader import read_passages
from opora.retrieval.embedders import sif
from opora.retrieval.embedders.base import Embedder, Text
from opora.retrieval.embedders.registry import open_embedder
from opora.train.embedder.settings import EmbedderTrainSettings
from opora.train.embedder.stage import EmbedderStage

ROOT = Path(__file__).resolve().parents[1]
COMPONENTS = 8
Questions = Sequence[tuple[str, list[str]]]
"""Questions with the ids of the passages that answer them."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", nargs="?", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--half", choices=["tune", "report"], default="report")
    parser.add_argument("--limit", type=int, default=1000, help="questions, drawn with a seed")
    parser.add_argument(
        "--trained", nargs="*", default=None, metavar="KEY=VALUE", help="also train an embedder, with these settings"
    )
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        pairs = read_pairs(arguments.data)
        answering = write_pairs(pairs, root / "corpus", len(pairs.answering) + len(pairs.others))
        questions = draw_questions(pairs, answering, arguments.half, arguments.limit)
        passages = list(read_passages(root / "corpus"))
        texts = [Text(each.full_text, "ru") for each in passages]
        print(f"{len(passages)} passages, {len(questions)} questions of the half `{arguments.half}`\n")
        print("| embedder | recall@1 | recall@10 | MRR@10 | s |\n|---|---|---|---|---|")
        ids = [passage.id for passage in passages]
        for name, embedder in _steps(texts):
            print(f"| {name} | {_cells(embedder, texts, ids, questions)} |", flush=True)
        if arguments.trained is not None:
            settings = {key: json.loads(value) for key, value in (item.split("=") for item in arguments.trained)}
            EmbedderStage(EmbedderTrainSettings(**settings), root / "corpus", root / "train" / "dense").run()
            trained = open_embedder("train/dense", None, root=root)
            assert trained
            print(f"| trained on the corpus | {_cells(trained, texts, ids, questions)} |")


def _steps(texts: Sequence[Text]) -> Iterator[tuple[str, Embedder]]:
    """Yield embedders that are valid until the next one; a tiny scale disables hashed vectors."""
    with patch.object(sif, "SCALE", 1e-6):
        with patch.object(sif, "idf", lambda count, size: 1.0):
            yield "mean of word vectors", sif.fit_sif(texts, 0)
        yield "weighted by rarity (SIF)", sif.fit_sif(texts, 0)
        yield f"less {COMPONENTS} common directions", sif.fit_sif(texts, COMPONENTS)
    yield "unknown words hashed", sif.fit_sif(texts, COMPONENTS)


def _cells(embedder: Embedder, texts: Sequence[Text], ids: Sequence[str], questions: Questions) -> str:
    began = time.perf_counter()
    passages = embedder.embed(texts, "passage")
    seconds = time.perf_counter() - began
    vectors = embedder.embed([Text(text, "ru") for text, _ in questions], "question")
    rows = {id_: row for row, id_ in enumerate(ids)}
    ranks = []
    for (_, answers), vector in zip(questions, vectors, strict=True):
        scores = passages @ vector
        best = max(scores[rows[answer]] for answer in answers)
        ranks.append(1 + int((scores > best).sum()))
    rank = np.array(ranks)
    reciprocal = np.where(rank <= 10, 1 / rank, 0)
    return f"{(rank <= 1).mean():.3f} | {(rank <= 10).mean():.3f} | {reciprocal.mean():.3f} | {seconds:.1f}"


if __name__ == "__main__":
    main()
