"""LambdaMART reranker (Burges 2010) trained by LightGBM.

The trees are evaluated here: importing LightGBM takes 0.7 s and only training needs it. Scores equal those of
`Booster.predict` (a test compares them).
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
from opora.retrieval.rerankers.lambdamart.features import NAMES, compute_features
from opora.retrieval.vectors import Vectors

MODEL_FILE = "lambdamart.txt"
RETRAIN = "train it again with `opora train reranker`"


class Trees:
    """All trees in one table of nodes: a node is a split, or a leaf, whose children are itself."""

    def __init__(self, sections: Sequence[Mapping[str, str]]) -> None:
        """Read trees from their key -> value lines. Raises KeyError or ValueError for an unsupported tree."""
        sizes = [2 * int(section["num_leaves"]) - 1 for section in sections]
        self._roots = np.cumsum([0, *sizes[:-1]], dtype=np.intp)
        nodes = sum(sizes)
        self._feature = np.zeros(nodes, dtype=np.intp)
        self._threshold = np.zeros(nodes)
        self._child = np.repeat(np.arange(nodes), 2)
        """Two children of each node: for values up to the threshold, and above it."""
        self._value = np.zeros(nodes)
        for root, section in zip(self._roots.tolist(), sections, strict=True):
            self._read(root, section)
        self._depth = self._max_depth()

    def predict(self, rows: Vectors) -> npt.NDArray[np.float64]:
        """Return the sum over all trees for each row, shape (rows,)."""
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
            raise ValueError("categorical splits are not supported")
        self._feature[root : root + splits] = _floats(section["split_feature"], splits)
        self._threshold[root : root + splits] = _floats(section["threshold"], splits)
        for side, name in enumerate(("left_child", "right_child")):
            child = _floats(section[name], splits).astype(np.intp)
            # leaf n is written as -n - 1
            nodes = np.where(child < 0, splits - child - 1, child)
            if ((nodes < 0) | (nodes > 2 * splits)).any():
                raise ValueError(f"{name} points outside the tree")
            self._child[2 * root + side : 2 * (root + splits) : 2] = root + nodes

    def _max_depth(self) -> int:
        """Return the number of splits on the longest path to a leaf. Raises ValueError for a cycle."""
        depth, nodes = 0, self._roots
        while len(splits := nodes[self._child[2 * nodes] != nodes]):
            depth, nodes = depth + 1, self._child[np.concatenate([2 * splits, 2 * splits + 1])]
            if depth > len(self._value) or len(nodes) > len(self._value):
                raise ValueError("the splits form a cycle")
        return depth


class LambdaMartReranker:
    """Reranker of gradient-boosted trees. `text`: a model file of LightGBM; `where` names it in errors.

    Raises InputError if it is not such a file, or was trained on other features.
    """

    def __init__(self, text: str, where: str) -> None:
        self.text = text
        head, *trees = text.split("\nTree=")
        if not head.startswith("tree\n") or not trees:
            raise InputError(f"{where} is not a model file of LightGBM; {RETRAIN}")
        names = tuple(_pairs(head).get("feature_names", "").split())
        if names != NAMES:
            odd = sorted(set(names) ^ set(NAMES)) or ["their order"]
            raise InputError(
                f"{where} was trained on other features than this version computes ({', '.join(odd[:3])}); {RETRAIN}"
            )
        try:
            self._trees = Trees([_pairs(section) for section in trees])
        except (KeyError, ValueError, IndexError) as error:
            raise InputError(f"{where}: cannot read the trees ({error}); {RETRAIN}") from None

    def score(self, query: Query, candidates: Sequence[Candidate]) -> list[float]:
        return [float(score) for score in self._trees.predict(compute_features(query, candidates))]

    def identity(self) -> Mapping[str, str]:
        return {"lambdamart": hashlib.sha256(self.text.encode()).hexdigest()}

    def save(self, folder: Path) -> None:
        """Write the model file into `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MODEL_FILE).write_text(self.text, encoding="utf-8")


def load_lambdamart(folder: Path) -> LambdaMartReranker:
    """Load the reranker in `folder`. Raises InputError if it is missing or does not fit."""
    path = folder / MODEL_FILE
    if not path.is_file():
        raise InputError(f"{path}: no such file; {RETRAIN}")
    return LambdaMartReranker(path.read_text(encoding="utf-8"), str(path))


def _pairs(text: str) -> dict[str, str]:
    """Parse the lines `key=value` up to the first empty one."""
    lines = text.strip("\n").split("\n\n", 1)[0].splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def _floats(text: str, count: int) -> npt.NDArray[np.float64]:
    values = np.array(text.split(), dtype=np.float64)
    if len(values) != count:
        raise ValueError(f"{len(values)} values instead of {count}")
    return values
