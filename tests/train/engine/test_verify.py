"""The engine is used only if it agrees with the model; a fallback is reported."""

import pytest
import torch

from opora.errors import InputError, OporaError
from opora.train.engine import verify as module
from opora.train.engine.engine import Engine
from opora.train.engine.tree_attention import TreeState
from opora.train.engine.verify import PlainScorer, open_scorer
from opora.train.objectives.sft import SftSettings
from opora.train.scorer import TokenizedExample, TokenizedRow
from tests.factories import add_random_adapter, draw_token_rows, make_causal_model


def open_test_scorer(model, prefix_sharing="auto", precision="fp32"):
    messages = []
    examples = [TokenizedExample(str(n), (row,)) for n, row in enumerate(draw_token_rows("group"))]
    scorer = open_scorer(model, SftSettings(prefix_sharing=prefix_sharing), examples, precision, messages.append)
    return scorer.scorer, messages


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("prefix_sharing", ["auto", "on"])
def test_engine_is_used_if_supported(prefix_sharing, precision):
    scorer, messages = open_test_scorer(add_random_adapter(make_causal_model("llama")), prefix_sharing, precision)
    assert isinstance(scorer, Engine)
    assert messages == []


def test_prefix_sharing_off():
    scorer, messages = open_test_scorer(add_random_adapter(make_causal_model("llama")), "off")
    assert isinstance(scorer, PlainScorer)
    assert messages == []


def test_unsupported_model_falls_back(monkeypatch):
    model = add_random_adapter(make_causal_model("llama"))
    model.get_base_model().config.layer_types = ["linear_attention", "full_attention"]
    scorer, [line] = open_test_scorer(model)
    assert isinstance(scorer, PlainScorer)
    assert "layers of type linear_attention" in line
    assert "prefix sharing is off" in line
    with pytest.raises(InputError, match="linear_attention"):
        open_test_scorer(model, "on")


def test_wrong_logprobs_are_detected(monkeypatch):
    def blind(self, node, window):
        queries = node.end - node.start
        keys = queries + sum(end - start for start, end in node.ancestors)
        seen = torch.ones(queries, keys, dtype=torch.bool).tril(keys - queries)
        seen[:, : keys - queries] = False
        return seen

    monkeypatch.setattr(TreeState, "mask", blind)
    scorer, [line] = open_test_scorer(add_random_adapter(make_causal_model("llama")))
    assert isinstance(scorer, PlainScorer)
    assert "nats per token" in line
    with pytest.raises(OporaError, match="nats per token; set prefix_sharing to off"):
        open_test_scorer(add_random_adapter(make_causal_model("llama")), "on")


def test_mode_of_the_model_is_restored():
    for mode in (True, False):
        model = add_random_adapter(make_causal_model("llama")).train(mode)
        open_test_scorer(model)
        assert model.training is mode
        assert all(tensor.grad is None for tensor in model.parameters())


def test_wrong_gradients_are_detected(monkeypatch):
    class Twice(torch.autograd.Function):
        forward = staticmethod(lambda ctx, x: x.clone())
        backward = staticmethod(lambda ctx, slope: 2 * slope)

    hidden = Engine.hidden_states
    monkeypatch.setattr(Engine, "hidden_states", lambda self, *args: Twice.apply(hidden(self, *args)))
    scorer, [line] = open_test_scorer(add_random_adapter(make_causal_model("llama")))
    assert isinstance(scorer, PlainScorer)
    assert "gradients with prefix sharing are off by 100%; prefix sharing is off" in line


def test_longest_shared_rows():
    rows = [
        TokenizedRow([1, 2, 3, 4], [5]),
        TokenizedRow([9, 9], [5]),
        TokenizedRow([1, 2, 3, 6], [5]),
        TokenizedRow([1, 7], [5]),
    ]
    assert module._longest_shared_rows([TokenizedExample(str(n), (row,)) for n, row in enumerate(rows)]) == [
        rows[0],
        rows[2],
    ]
    assert module._longest_shared_rows([TokenizedExample("only", (rows[1],))]) == [rows[1]]


def test_reference_is_computed_once(monkeypatch):
    model, rows, calls = add_random_adapter(make_causal_model("llama")), draw_token_rows("pair"), []
    scorer = open_scorer(model, SftSettings(), [TokenizedExample("a", tuple(rows))], "fp32", print)
    reference = Engine.score_reference
    monkeypatch.setattr(Engine, "score_reference", lambda self, rows: calls.append(1) or reference(self, rows))
    with torch.inference_mode():
        first = scorer.score_reference(rows)
    second = scorer.score_reference(rows)
    swapped = scorer.score_reference(rows[::-1])
    assert len(calls) == 2
    torch.testing.assert_close([score.logprobs for score in first], [score.logprobs for score in second])
    torch.testing.assert_close(swapped[1].logprobs, first[0].logprobs)
