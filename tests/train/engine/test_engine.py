"""The engine gives the scores and gradients of separate rows, for every tree and architecture."""

import random

import pytest
import torch
import transformers

from opora.errors import InputError
from opora.train.engine.engine import Engine
from opora.train.engine.tree_attention import TreeState
from opora.train.scorer import TokenizedRow
from tests.factories import (
    MODEL_FAMILIES,
    MODEL_SHAPE,
    ROW_KINDS,
    VOCABULARY,
    add_random_adapter,
    assert_engine_agrees,
    compute_logprobs,
    draw_token_rows,
    make_causal_model,
)


@pytest.mark.parametrize("kind", ROW_KINDS)
@pytest.mark.parametrize("family", MODEL_FAMILIES)
def test_scores_and_gradients_with_an_adapter(family, kind):
    assert_engine_agrees(add_random_adapter(make_causal_model(family)).train(), draw_token_rows(kind))


@pytest.mark.parametrize("family", MODEL_FAMILIES)
def test_scores_and_gradients_of_a_whole_model(family):
    assert_engine_agrees(make_causal_model(family).train(), draw_token_rows("nested"))


@pytest.mark.parametrize("seed", range(20))
def test_random_trees(seed):
    rng = random.Random(seed)
    rows = []
    for _ in range(rng.randint(1, 6)):
        row = [rng.randint(3, 4) for _ in range(rng.randint(2, 14))]
        cut = rng.randint(1, len(row) - 1)
        rows.append(TokenizedRow(row[:cut], row[cut:]))
    assert_engine_agrees(add_random_adapter(make_causal_model("llama")).train(), rows, rng.randint(1, 4))


def test_gradient_checkpointing_changes_nothing():
    model = make_causal_model("llama")
    model.gradient_checkpointing_enable({"use_reentrant": False})
    model.enable_input_require_grads()
    assert_engine_agrees(add_random_adapter(model).train(), draw_token_rows("nested"))


@pytest.mark.parametrize("family", ["llama", "gemma2", "mistral, window"])
def test_without_a_tree_the_model_is_unchanged(family):
    model = make_causal_model(family).eval()
    ids = torch.randint(3, VOCABULARY, (2, 12))
    mask = torch.tensor([[1] * 12, [0] * 4 + [1] * 8])
    before = model(input_ids=ids, attention_mask=mask).logits
    text = model.generate(ids, attention_mask=mask, max_new_tokens=5, do_sample=False)
    Engine(model)
    after = model(input_ids=ids, attention_mask=mask).logits
    torch.testing.assert_close(before[mask.bool()], after[mask.bool()], atol=1e-4, rtol=1e-4)
    assert model.generate(ids, attention_mask=mask, max_new_tokens=5, do_sample=False).tolist() == text.tolist()


def test_autocast():
    model, rows = add_random_adapter(make_causal_model("llama")).train(), draw_token_rows("nested")
    with torch.autocast("cpu", torch.bfloat16):
        expected = compute_logprobs(model, rows)
        scores = Engine(model).score(rows, 2)
    for score, logprobs in zip(scores, expected, strict=True):
        torch.testing.assert_close(score.logprobs, logprobs, atol=0.3, rtol=0.05)


@pytest.mark.parametrize("wrong", ["all", "own only", "one off"])
def test_wrong_mask_is_detected(wrong, monkeypatch):
    def mask(self, node, window):
        queries = node.end - node.start
        keys = queries + sum(end - start for start, end in node.ancestors)
        mask = torch.ones(queries, keys, dtype=torch.bool).tril(keys - queries)
        if wrong == "all":
            mask[:] = True
        elif wrong == "own only":
            mask[:, : keys - queries] = False
        else:
            mask = mask.triu(-queries + 2) | torch.eye(queries, keys, dtype=torch.bool)
        return mask

    monkeypatch.setattr(TreeState, "mask", mask)
    with pytest.raises(AssertionError):
        assert_engine_agrees(add_random_adapter(make_causal_model("llama")).train(), draw_token_rows("group"))


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("MambaConfig", "layers of type linear_attention carry a state"),
        ("BloomConfig", "cannot be replaced"),
        ("GptOssConfig", "attention with s_aux"),
    ],
)
def test_unsupported_architectures(config, message):
    small = {**MODEL_SHAPE, "n_head": 4, "n_layer": 1, "num_hidden_layers": 1, "num_local_experts": 2}
    model = transformers.AutoModelForCausalLM.from_config(getattr(transformers, config)(**small))
    with pytest.raises(InputError, match=message):
        Engine(model).score(draw_token_rows("pair"))


def test_entropy_and_top():
    model, rows = make_causal_model("llama").eval(), draw_token_rows("pair")
    for score, row in zip(Engine(model).score(rows), rows, strict=True):
        logits = model(input_ids=torch.tensor([[*row.prompt, *row.answer]])).logits[0, len(row.prompt) - 1 : -1]
        distribution = torch.distributions.Categorical(logits=logits)
        torch.testing.assert_close(score.entropy, distribution.entropy(), atol=1e-4, rtol=1e-4)
        assert score.top.tolist() == (logits.argmax(-1) == torch.tensor(row.answer)).tolist()
