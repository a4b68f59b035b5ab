"""A forest of LambdaRank (Burges 2010) from groups, by LightGBM.

In: groups. Out: a reranker. One thread and a seed: the same groups give the same trees.

    forest = train_forest(groups, RerankerSettings())
    forest.score(question, candidates)
"""

from __future__ import annotations

from collections.abc import Iterable

from opora.errors import InputError, MissingExtraError
from opora.retrieval.rerankers.lambdamart.features import FEATURES, compute_features
from opora.retrieval.rerankers.lambdamart.lightgbm_trees import LambdaMartReranker
from opora.train.reranker.groups import Group
from opora.train.reranker.settings import RerankerSettings

LR = 0.05
GRADES = 4
"""Labels are whole numbers up to this."""
SMALLEST_LEAF = 20
"""Rows of a leaf, at least; fewer where there are few rows."""


def train_forest(groups: Iterable[Group], settings: RerankerSettings) -> LambdaMartReranker:
    """A forest. Raises InputError if there are no groups, MissingExtraError without LightGBM."""
    try:
        import lightgbm
    except ModuleNotFoundError as error:
        raise MissingExtraError(f"training a reranker ({error.name})", "train") from None
    import numpy as np

    rows, labels, sizes = [], [], []
    for each in groups:
        rows.append(compute_features(each.question, each.candidates))
        labels += [round(GRADES * label) for label in each.labels]
        sizes.append(len(each.labels))
    if not rows:
        raise InputError(
            "train reranker: there is no question whose passage was found; give more questions or documents"
        )
    given = {
        "objective": "lambdarank",
        "num_leaves": settings.leaves,
        "learning_rate": settings.lr or LR,
        "min_data_in_leaf": min(SMALLEST_LEAF, 1 + len(labels) // 100),
        "feature_fraction": 0.7,
        "lambda_l2": 1.0,
        "use_missing": False,
        "num_threads": 1,
        "deterministic": True,
        "force_row_wise": True,
        "seed": settings.seed,
        "verbosity": -1,
    }
    data = lightgbm.Dataset(np.vstack(rows), labels, group=sizes, feature_name=list(FEATURES), params=given)
    booster = lightgbm.train(given, data, num_boost_round=settings.trees)
    return LambdaMartReranker(booster.model_to_string(), "the trained forest")
