"""The engine is used where it comes out as the model does, and what is done else is said."""

import pytest
import torch

from opora.errors import InputError, OporaError
from opora.train.engine import verify as module
from opora.train.engine.engine import Engine
from opora.train.engine.reference import PlainScorer
from opora.train.engine.tree_attention import TreeState
from opora.train.engine.verify import open_scorer
from opora.train.examples import Row, Unit
from opora.train.settings import TrainSettings
from tests.train.engine.test_engine import adapt, draw, make


def opened(model, engine="auto", precision="fp32"):
    told = []
    units = [Unit(str(n), (row,)) for n, row in enumerate(draw("group"))]
    scorer = open_scorer(model, TrainSettings(engine=engine), units, precision, told.append)
    return scorer.scorer.scorer, told


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
        assert all(each.grad is None for each in model.parameters())


def test_a_gradient_that_is_off_is_noticed(monkeypatch):
    class Twice(torch.autograd.Function):
        forward = staticmethod(lambda ctx, x: x.clone())
        backward = staticmethod(lambda ctx, slope: 2 * slope)

    hidden = Engine.hidden
    monkeypatch.setattr(Engine, "hidden", lambda self, *given: Twice.apply(hidden(self, *given)))
    scorer, [line] = opened(adapt(make("llama")))
    assert isinstance(scorer, PlainScorer)
    assert "the gradients of rows that share tokens come out 100% off; computing each row by itself" in line


def test_the_units_that_share_most_are_looked_at():
    rows = [Row([1, 2, 3, 4], [5]), Row([9, 9], [5]), Row([1, 2, 3, 6], [5]), Row([1, 7], [5])]
    assert module._relatives([Unit(str(n), (row,)) for n, row in enumerate(rows)]) == [rows[0], rows[2]]
    assert module._relatives([Unit("only", (rows[1],))]) == [rows[1]]


def test_a_reference_is_computed_once(monkeypatch):
    model, rows, calls = adapt(make("llama")), draw("pair"), []
    scorer = open_scorer(model, TrainSettings(), [Unit("a", tuple(rows))], "fp32", print)
    reference = Engine.reference
    monkeypatch.setattr(Engine, "reference", lambda self, rows: calls.append(1) or reference(self, rows))
    with torch.inference_mode():
        first = scorer.reference(rows)
    second = scorer.reference(rows)
    other = scorer.reference(rows[::-1])
    assert len(calls) == 2
    torch.testing.assert_close([each.logprobs for each in first], [each.logprobs for each in second])
    torch.testing.assert_close(other[1].logprobs, first[0].logprobs)
