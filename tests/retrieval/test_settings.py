"""Settings of the index, and the names that they had in the last release."""

import warnings

import pytest

from opora.errors import InputError, RenamedSettingWarning
from opora.retrieval.settings import IndexSettings
from opora.validation import parse_record


@pytest.mark.parametrize(
    ("old", "value", "new", "expected"),
    [
        ("components", 4, "sif_components", 4),
        ("depth", 7, "candidates", 7),
        ("rerank_depth", 9, "rerank_candidates", 9),
        ("neighbors", 1, "neighbor_passages", 1),
        ("diversity", 0.25, "mmr_lambda", 0.75),
        ("diversity", 0, "mmr_lambda", 1.0),
    ],
)
def test_an_old_name_is_accepted_with_a_warning_that_gives_the_new_one(old, value, new, expected):
    with pytest.warns(RenamedSettingWarning, match=rf"{old}.* is now {new}"):
        settings = IndexSettings.model_validate({old: value})
    assert getattr(settings, new) == expected


@pytest.mark.parametrize("both", [{"diversity": 0.5, "mmr_lambda": 0.5}, {"depth": 5, "candidates": 5}])
def test_an_old_name_beside_the_new_one_is_an_error(both):
    with pytest.raises(InputError, match=r"(diversity|depth) is unknown"):
        parse_record(IndexSettings, both, "opora.yaml")


def test_settings_of_models_are_reachable():
    data = {"embedding": {"batch_size": 4, "device": "cpu"}, "reranking": {"batch_size": 2}}
    settings = parse_record(IndexSettings, data, "opora.yaml")
    assert (settings.embedding.batch_size, settings.embedding.device) == (4, "cpu")
    assert settings.reranking.batch_size == 2
    assert settings.row_fields == IndexSettings().row_fields


def test_current_names_give_no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        IndexSettings.model_validate({"mmr_lambda": 0.5, "candidates": 5})
