"""Trees that LightGBM trained, evaluated without it."""

import numpy as np
import pytest

from opora.errors import InputError
from opora.retrieval.rerankers.lambdamart.features import NAMES, compute_features
from opora.retrieval.rerankers.lambdamart.lightgbm_trees import (
    MODEL_FILE,
    LambdaMartReranker,
    Trees,
    _pairs,
    load_lambdamart,
)
from tests.factories import make_candidate, make_query


def train(rows, labels, groups, names=NAMES, **settings):
    import lightgbm

    parameters = {
        "objective": "lambdarank",
        "min_data_in_leaf": 1,
        "num_threads": 1,
        "seed": 0,
        "verbosity": -1,
        "use_missing": False,
    }
    data = lightgbm.Dataset(rows, labels, group=groups, feature_name=list(names), params=parameters | settings)
    return lightgbm.train(parameters | settings, data, num_boost_round=settings.get("rounds", 20))


@pytest.fixture(scope="module")
def booster():
    """Booster trained to rank high values of `passage_share` first."""
    rng = np.random.default_rng(0)
    rows = rng.random((400, len(NAMES))).astype(np.float32)
    labels = (rows[:, NAMES.index("passage_share")] > 0.6).astype(int)
    return train(rows, labels, [10] * 40, num_leaves=15, rounds=30)


@pytest.mark.parametrize("leaves", [2, 15, 31])
@pytest.mark.parametrize("objective", ["lambdarank", "regression"])
def test_scores_are_those_of_lightgbm(leaves, objective):
    rng = np.random.default_rng(leaves)
    rows = rng.normal(size=(300, len(NAMES))).astype(np.float32)
    labels = rng.integers(3, size=300)
    model = train(rows, labels, [10] * 30, num_leaves=leaves, objective=objective)
    trees = Trees([_pairs(section) for section in model.model_to_string().split("\nTree=")[1:]])
    fresh = np.vstack([rows, rng.normal(size=(100, len(NAMES))), np.zeros((1, len(NAMES)))]).astype(np.float32)
    assert np.allclose(trees.predict(fresh), model.predict(fresh), atol=1e-9)


def test_a_tree_without_splits_is_a_constant():
    model = train(np.zeros((20, len(NAMES)), np.float32), np.arange(20) % 2, [10, 10], objective="regression", rounds=1)
    trees = Trees([_pairs(section) for section in model.model_to_string().split("\nTree=")[1:]])
    assert np.allclose(trees.predict(np.ones((2, len(NAMES)), np.float32)), [0.5, 0.5])


def test_a_saved_reranker_gives_the_same_scores(booster, tmp_path):
    reranker = LambdaMartReranker(booster.model_to_string(), "here")
    reranker.save(tmp_path / "model")
    again = load_lambdamart(tmp_path / "model")
    question = make_query("northern pier fee")
    texts = ["The pier is old.", "The fee of the northern pier is 12 euro.", "Maps."]
    candidates = [make_candidate(text) for text in texts]
    scores = again.score(question, candidates)
    assert scores == reranker.score(question, candidates)
    assert np.allclose(scores, booster.predict(compute_features(question, candidates)))
    assert max(scores) == scores[1]
    assert again.identity() == reranker.identity()
    assert again.score(question, []) == []


def test_the_identity_depends_on_the_model(booster):
    text = booster.model_to_string()
    assert LambdaMartReranker(text, "a").identity() != LambdaMartReranker(text + "\n", "a").identity()


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda text: "", "is not a model file of LightGBM"),
        (lambda text: "hello", "is not a model file of LightGBM"),
        (lambda text: text.split("\nTree=")[0], "is not a model file of LightGBM"),
        (lambda text: text.replace("bm25_rank", "color"), "other features.*bm25_rank, color"),
        (lambda text: text.replace("bm25 bm25_rank", "bm25_rank bm25"), "other features.*their order"),
        (lambda text: text.replace("threshold=", "limit="), "cannot read the trees.*threshold"),
        (lambda text: text.replace("leaf_value=", "leaf_value=1 "), "cannot read the trees.*values instead"),
        (lambda text: text.replace("num_leaves=15", "num_leaves=many"), "cannot read the trees"),
        (lambda text: text.replace("num_cat=0", "num_cat=1"), "cannot read the trees.*categorical"),
    ],
)
def test_a_wrong_model_file_is_one_line(booster, tmp_path, change, fault):
    (tmp_path / MODEL_FILE).write_text(change(booster.model_to_string()))
    with pytest.raises(InputError, match=fault) as raised:
        load_lambdamart(tmp_path)
    assert "opora train reranker" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_folder_without_a_model_is_one_line(tmp_path):
    with pytest.raises(InputError, match=r"lambdamart.txt: no such file"):
        load_lambdamart(tmp_path)
