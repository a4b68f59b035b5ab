"""Training of a LambdaMART reranker (Burges 2010) with LightGBM.

One thread and a seed: the same groups give the same trees.

    train_lambdamart(groups, RerankerTrainSettings(), Path("model")).score(query, candidates)
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from opora.errors import InputError, MissingExtraError
from opora.retrieval.rerankers.lambdamart.features import NAMES, compute_features
from opora.retrieval.rerankers.lambdamart.lightgbm_trees import LambdaMartReranker
from opora.train.reranker.groups import RankingGroup
from opora.train.reranker.settings import RerankerTrainSettings

LR = 0.05
GRADES = 4
"""Highest relevance grade: LightGBM needs integers."""
MIN_LEAF_ROWS = 20
"""Minimum rows per leaf; fewer for small data."""


def train_lambdamart(
    groups: Iterable[RankingGroup], settings: RerankerTrainSettings, folder: Path
) -> LambdaMartReranker:
    """Return the trained reranker, saved in `folder`. Raises InputError without groups, MissingExtraError without
    LightGBM."""
    try:
        import lightgbm
    except ModuleNotFoundError as error:
        raise MissingExtraError(f"training a reranker ({error.name})", "train") from None
    import numpy as np

    rows, labels, sizes = [], [], []
    for group in groups:
        rows.append(compute_features(group.query, group.candidates))
        labels += [round(GRADES * relevance) for relevance in group.relevance]
        sizes.append(len(group.relevance))
    if not rows:
        raise InputError("train reranker: no question has a relevant candidate; add questions or documents")
    parameters = {
        "objective": "lambdarank",
        "num_leaves": settings.leaves,
        "learning_rate": settings.lr or LR,
        "min_data_in_leaf": min(MIN_LEAF_ROWS, 1 + len(labels) // 100),
        "feature_fraction": 0.7,
        "lambda_l2": 1.0,
        "use_missing": False,
        "num_threads": 1,
        "deterministic": True,
        "force_row_wise": True,
        "seed": settings.seed,
        "verbosity": -1,
    }
    data = lightgbm.Dataset(np.vstack(rows), labels, group=sizes, feature_name=list(NAMES), params=parameters)
    booster = lightgbm.train(parameters, data, num_boost_round=settings.trees)
    reranker = LambdaMartReranker(booster.model_to_string(), "the trained LambdaMART model")
    reranker.save(folder)
    return reranker
