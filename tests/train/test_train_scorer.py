"""The engine is used where it comes out as the model does, and what is done else is said."""

import pytest
import torch

from opora.errors import InputError, OporaError
from opora.train import scorer as module
from opora.train.attention import TreeState
from opora.train.forward import Engine
from opora.train.plain import PlainScorer
from opora.train.rows import Unit
from opora.train.scorer import open_scorer
from opora.train.settings import TrainSettings
from tests.train.test_train_forward import adapt, draw, make


def opened(model, engine="auto", precision="fp32"):
    told = []
    units = [Unit(str(n), (row,)) for n, row in enumerate(draw("group"))]
    scorer = open_scorer(model, TrainSettings(engine=engine), units, precision, told.append)
    return scorer._scorer, told


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("engine", ["auto", "shared"])
def test_shared_where_it_can_be(engine, precision):
    scorer, told = opened(adapt(make("llama")), engine, precision)
    assert isinstance(scorer, Engine)
    assert told == []


def test_plain_where_it_is_asked_for():
    scorer, told = opened(adapt(make("llama")), "plain")
    assert isinstance(scorer, PlainScorer)
    assert told == []


def test_a_model_that_cannot_share_is_trained_plainly(monkeypatch):
    model = adapt(make("llama"))
    model.get_base_model().config.layer_types = ["linear_attention", "full_attention"]
    scorer, [line] = opened(model)
    assert isinstance(scorer, PlainScorer)
    assert "layers of type linear_attention" in line
    assert "each row by itself" in line
    with pytest.raises(InputError, match="linear_attention"):
        opened(model, "shared")


def test_a_result_that_is_off_is_noticed(monkeypatch):
    def blind(self, node, window):
        queries = node.end - node.start
        keys = queries + sum(end - start for start, end in node.ancestors)
        seen = torch.ones(queries, keys, dtype=torch.bool).tril(keys - queries)
        seen[:, : keys - queries] = False
        return seen

    monkeypatch.setattr(TreeState, "mask", blind)
    scorer, [line] = opened(adapt(make("llama")))
    assert isinstance(scorer, PlainScorer)
    assert "nats a token off" in line
    with pytest.raises(OporaError, match="nats a token off; set engine to plain"):
        opened(adapt(make("llama")), "shared")


def test_the_model_is_left_in_the_mode_it_was_in():
    for mode in (True, False):
        model = adapt(make("llama")).train(mode)
        opened(model)
        assert model.training is mode
    assert module.CHECKED_UNITS > 1
