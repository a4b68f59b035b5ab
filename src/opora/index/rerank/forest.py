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
from opora.index.rerank.contract import Candidate, Question
from opora.index.rerank.features import FEATURES, features
from opora.index.word_vectors import Vectors

FOREST = "forest.txt"
WAY_OUT = "train it again by `opora train reranker`"


class Trees:
    """All trees as tables, shape (trees, nodes): a node is a split, or a leaf, which leads to itself."""

    def __init__(self, sections: Sequence[Mapping[str, str]]) -> None:
        """`sections`: the key -> value lines of each tree. Raises KeyError or ValueError for what is no such tree."""
        nodes = max((2 * int(each["num_leaves"]) - 1 for each in sections), default=1)
        shape = (len(sections), nodes)
        self._feature = np.zeros(shape, dtype=np.intp)
        self._threshold = np.zeros(shape)
        self._left = np.tile(np.arange(nodes), (len(sections), 1))
        self._right = self._left.copy()
        self._value = np.zeros(shape)
        for number, section in enumerate(sections):
            self._read(number, section)

    def predict(self, rows: Vectors) -> npt.NDArray[np.float64]:
        """The sum over all trees for each row."""
        wide = rows.astype(np.float64)
        trees, row = np.arange(len(self._value)), np.arange(len(wide))[:, None]
        node = np.zeros((len(wide), len(trees)), dtype=np.intp)
        while True:
            goes_left = wide[row, self._feature[trees, node]] <= self._threshold[trees, node]
            below = np.where(goes_left, self._left[trees, node], self._right[trees, node])
            if (below == node).all():
                total: npt.NDArray[np.float64] = self._value[trees, node].sum(axis=1)
                return total
            node = below

    def _read(self, number: int, section: Mapping[str, str]) -> None:
        leaves = int(section["num_leaves"])
        splits = leaves - 1
        self._value[number, splits : splits + leaves] = _floats(section["leaf_value"], leaves)
        if not splits:
            return
        if section.get("num_cat", "0") != "0":
            raise ValueError("splits by category")
        self._feature[number, :splits] = _floats(section["split_feature"], splits)
        self._threshold[number, :splits] = _floats(section["threshold"], splits)
        for name, table in (("left_child", self._left), ("right_child", self._right)):
            child = _floats(section[name], splits).astype(np.intp)
            # leaf n is written as -n - 1
            table[number, :splits] = np.where(child < 0, splits - child - 1, child)


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

    def score(self, question: Question, candidates: Sequence[Candidate]) -> list[float]:
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
