"""The last feed-forward block is computed only where it is read; test_engine checks the results."""

import pytest
import torch

from opora.train.engine.engine import Engine
from opora.train.engine.tree_attention import skip_unread
from tests.factories import (
    INVOCATION,
    MODEL_FAMILIES,
    add_random_adapter,
    draw_invoked_rows,
    draw_token_rows,
    make_causal_model,
)


def sizes_of(model):
    """Return the token counts in the feed-forward blocks of the first and the last layer, one pair per pass."""
    sizes = []
    layers = model.get_base_model().model.layers
    for layer in (layers[0], layers[-1]):
        layer.mlp.down_proj.register_forward_pre_hook(lambda module, args: sizes.append(args[0].shape[1]))
    return sizes


@pytest.mark.parametrize("family", MODEL_FAMILIES)
def test_last_mlp_computes_answer_tokens_only(family):
    model, rows = add_random_adapter(make_causal_model(family)).train(), draw_token_rows("group")
    sizes = sizes_of(model)
    Engine(model).score(rows)
    answers = sum(len(row.answer) for row in rows)
    assert sizes[0] > sizes[1]
    assert sizes[1] <= answers


def test_last_mlp_computes_nothing_for_prompts():
    model, rows = add_random_adapter(make_causal_model("llama"), INVOCATION).train(), draw_invoked_rows("group")
    sizes = sizes_of(model)
    Engine(model).score(rows)
    prompt, nothing, tails, answers = sizes
    assert nothing == 0
    assert prompt > 0
    assert tails > answers > 0


def test_without_a_tree_the_last_mlp_is_complete():
    model = add_random_adapter(make_causal_model("llama"))
    engine, ids = Engine(model), torch.randint(3, 90, (1, 9))
    before = model(input_ids=ids).logits
    with torch.no_grad():
        engine.score(draw_token_rows("pair"))
    skip_unread(model.get_base_model())
    torch.testing.assert_close(model(input_ids=ids).logits, before)
