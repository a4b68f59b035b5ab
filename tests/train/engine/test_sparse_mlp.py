"""The last layer is finished only where its result is read; that nothing else changes, test_train_forward tells."""

import pytest
import torch

from opora.train.engine.engine import Engine
from opora.train.engine.sparse_mlp import skip_unread
from tests.factories import (
    INVOCATION,
    MODEL_FAMILIES,
    add_random_adapter,
    draw_invoked_rows,
    draw_token_rows,
    make_causal_model,
)


def sizes_of(model):
    """Tokens that went through the feed-forward part of the first and of the last layer, a pair a pass."""
    found = []
    layers = model.get_base_model().model.layers
    for layer in (layers[0], layers[-1]):
        layer.mlp.down_proj.register_forward_pre_hook(lambda module, given: found.append(given[0].shape[1]))
    return found


@pytest.mark.parametrize("family", MODEL_FAMILIES)
def test_only_what_is_read_is_finished(family):
    model, rows = add_random_adapter(make_causal_model(family)).train(), draw_token_rows("group")
    sizes = sizes_of(model)
    Engine(model).score(rows)
    answers = sum(len(row.answer) for row in rows)
    assert sizes[0] > sizes[1]
    assert sizes[1] <= answers


def test_of_prompts_that_the_base_model_reads_nothing_is():
    model, rows = add_random_adapter(make_causal_model("llama"), INVOCATION).train(), draw_invoked_rows("group")
    sizes = sizes_of(model)
    Engine(model).score(rows)
    prompt, nothing, tails, answers = sizes
    assert nothing == 0
    assert prompt > 0
    assert tails > answers > 0


def test_without_a_tree_it_is_whole():
    model = add_random_adapter(make_causal_model("llama"))
    engine, ids = Engine(model), torch.randint(3, 90, (1, 9))
    before = model(input_ids=ids).logits
    with torch.no_grad():
        engine.score(draw_token_rows("pair"))
    skip_unread(model.get_base_model())
    torch.testing.assert_close(model(input_ids=ids).logits, before)
