"""Passages are put into an order by a forest of LambdaRank (Burges 2010), trained by LightGBM.

In: a model file of LightGBM, as text. Out: a reranker. The trees are read here: importing LightGBM takes 0.7 s, and
training alone needs it; the scores are those of `Booster.predict` (tests/index/test_index_forest.py).

    reranker = load_forest(folder)
    reranker.score(question, candidates)           # [2.31, -0.4, ...]
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from opora.errors import InputError
from opora.retrieval.query import Query
from opora.retrieval.rerankers.base import Candidate
from opora.retrieval.rerankers.lambdamart.features import FEATURES, features
from opora.retrieval.vectors import Vectors

FOREST = "forest.txt"
WAY_OUT = "train it again by `opora train reranker`"


class Trees:
    """All trees in one table of nodes: a node is a split, or a leaf, which leads to itself."""

    def __init__(self, sections: Sequence[Mapping[str, str]]) -> None:
        """`sections`: the key -> value lines of each tree. Raises KeyError or ValueError for what is no such tree."""
        sizes = [2 * int(each["num_leaves"]) - 1 for each in sections]
        self._roots = np.cumsum([0, *sizes[:-1]], dtype=np.intp)
        nodes = sum(sizes)
        self._feature = np.zeros(nodes, dtype=np.intp)
        self._threshold = np.zeros(nodes)
        self._child = np.repeat(np.arange(nodes), 2)
        """Of each node, where a value goes that is not over the threshold, then where one goes that is."""
        self._value = np.zeros(nodes)
        for root, section in zip(self._roots.tolist(), sections, strict=True):
            self._read(root, section)
        self._depth = self._deepest()

    def predict(self, rows: Vectors) -> npt.NDArray[np.float64]:
        """The sum over all trees for each row."""
        values, width = rows.astype(np.float64).ravel(), rows.shape[1]
        row = width * np.arange(len(rows))[:, None]
        node = np.tile(self._roots, (len(rows), 1))
        for _ in range(self._depth):
            over = values.take(row + self._feature.take(node)) > self._threshold.take(node)
            node = self._child.take(2 * node + over)
        total: npt.NDArray[np.float64] = self._value.take(node).sum(axis=1)
        return total

    def _read(self, root: int, section: Mapping[str, str]) -> None:
        leaves = int(section["num_leaves"])
        splits = leaves - 1
        self._value[root + splits : root + splits + leaves] = _floats(section["leaf_value"], leaves)
        if not splits:
            return
        if section.get("num_cat", "0") != "0":
            raise ValueError("splits by category")
        self._feature[root : root + splits] = _floats(section["split_feature"], splits)
        self._threshold[root : root + splits] = _floats(section["threshold"], splits)
        for side, name in enumerate(("left_child", "right_child")):
            child = _floats(section[name], splits).astype(np.intp)
            # leaf n is written as -n - 1
            places = np.where(child < 0, splits - child - 1, child)
            if ((places < 0) | (places > 2 * splits)).any():
                raise ValueError(f"{name} leads out of the tree")
            self._child[2 * root + side : 2 * (root + splits) : 2] = root + places

    def _deepest(self) -> int:
        """Splits on the longest way from a root to a leaf. Raises ValueError for a way that does not end."""
        depth, nodes = 0, self._roots
        while len(splits := nodes[self._child[2 * nodes] != nodes]):
            depth, nodes = depth + 1, self._child[np.concatenate([2 * splits, 2 * splits + 1])]
            if depth > len(self._value) or len(nodes) > len(self._value):
                raise ValueError("a split leads back")
        return depth


class ForestReranker:
    """A Reranker. `text` is a model file of LightGBM over `FEATURES`; `where` names it in errors.

    Raises InputError if it is none, or was trained on other features.
    """

    def __init__(self, text: str, where: str) -> None:
        self.text = text
        head, *trees = text.split("\nTree=")
        if not head.startswith("tree\n") or not trees:
            raise InputError(f"{where}: is no model file of LightGBM; {WAY_OUT}")
        names = tuple(_pairs(head).get("feature_names", "").split())
        if names != FEATURES:
            odd = sorted(set(names) ^ set(FEATURES)) or ["their order"]
            raise InputError(
                f"{where}: was trained on other features than this opora computes ({', '.join(odd[:3])}); {WAY_OUT}"
            )
        try:
            self._trees = Trees([_pairs(each) for each in trees])
        except (KeyError, ValueError, IndexError) as error:
            raise InputError(f"{where}: the trees cannot be read ({error}); {WAY_OUT}") from None

    def score(self, question: Query, candidates: Sequence[Candidate]) -> list[float]:
        return [float(each) for each in self._trees.predict(features(question, candidates))]

    def identity(self) -> Mapping[str, str]:
        return {"forest": hashlib.sha256(self.text.encode()).hexdigest()}

    def save(self, folder: Path) -> None:
        """Write the model file into `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / FOREST).write_text(self.text, encoding="utf-8")


def load_forest(folder: Path) -> ForestReranker:
    """The forest in `folder`. Raises InputError if it is not there or does not fit."""
    path = folder / FOREST
    if not path.is_file():
        raise InputError(f"{path}: no such file; {WAY_OUT}")
    return ForestReranker(path.read_text(encoding="utf-8"), str(path))


def _pairs(text: str) -> dict[str, str]:
    """The lines `key=value` up to the first empty one."""
    lines = text.strip("\n").split("\n\n", 1)[0].splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def _floats(text: str, count: int) -> npt.NDArray[np.float64]:
    values = np.array(text.split(), dtype=np.float64)
    if len(values) != count:
        raise ValueError(f"{len(values)} values where {count} are expected")
    return values
