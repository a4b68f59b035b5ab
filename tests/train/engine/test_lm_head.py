"""The fused head agrees with log_softmax over all logits."""

import pytest
import torch

from opora.errors import InputError
from opora.train.engine import lm_head as module
from opora.train.engine.lm_head import Head, output_head, token_logprobs

CASES = [
    {},
    {"bias": True},
    {"scale": 0.25},
    {"softcap": 2.0},
    {"bias": True, "scale": 3.0, "softcap": 5.0},
]


@pytest.mark.parametrize("trained", [False, True])
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("chunk", [1, 3, 1000])
def test_value_and_gradients(case, trained, chunk, monkeypatch):
    monkeypatch.setattr(module, "LOGITS_BYTES", chunk * 4 * 11)
    torch.manual_seed(0)
    hidden = torch.randn(7, 5, requires_grad=True)
    weight = torch.randn(11, 5, requires_grad=trained)
    bias = torch.randn(11, requires_grad=trained) if case.get("bias") else None
    targets = torch.randint(0, 11, (7,))
    weights = torch.randn(7)
    head = Head(weight, bias, case.get("scale", 1.0), case.get("softcap"))
    parameters = [tensor for tensor in (hidden, weight, bias) if tensor is not None and tensor.requires_grad]

    logits = (hidden @ weight.T + (0 if bias is None else bias)) * head.scale
    if head.softcap:
        logits = head.softcap * torch.tanh(logits / head.softcap)
    expected = logits.log_softmax(-1).gather(1, targets[:, None])[:, 0]
    expected_gradients = torch.autograd.grad((expected * weights).sum(), parameters)

    scores = token_logprobs(hidden, head, targets)
    torch.testing.assert_close(scores.logprobs, expected)
    gradients = torch.autograd.grad((scores.logprobs * weights).sum(), parameters)
    for gradient, expected_gradient in zip(gradients, expected_gradients, strict=True):
        torch.testing.assert_close(gradient, expected_gradient)


def test_no_grad():
    with torch.no_grad():
        scores = token_logprobs(torch.randn(3, 5), Head(torch.randn(11, 5)), torch.tensor([1, 2, 3]))
    assert not scores.logprobs.requires_grad
    assert (scores.entropy > 0).all()


@pytest.mark.parametrize("trained", [False, True])
def test_no_labels_give_zero_gradients(trained):
    hidden = torch.randn(0, 5, requires_grad=True)
    weight = torch.randn(11, 5, requires_grad=trained)
    scores = token_logprobs(hidden, Head(weight), torch.empty(0, dtype=torch.long))
    scores.logprobs.sum().backward()
    assert hidden.grad.shape == (0, 5)
    assert not trained or weight.grad.abs().max() == 0


def test_head_that_is_not_linear():
    from peft import LoraConfig, get_peft_model
    from transformers import LlamaConfig, LlamaForCausalLM

    model = LlamaForCausalLM(LlamaConfig(vocab_size=9, hidden_size=8, intermediate_size=8, num_hidden_layers=1,
                                         num_attention_heads=2))  # fmt: skip
    assert output_head(model).weight.shape == (9, 8)
    adapted = get_peft_model(model, LoraConfig(target_modules=["lm_head"]))
    with pytest.raises(InputError, match=r"output layer is a Linear of peft|remove it from lora\.targets"):
        output_head(adapted.get_base_model())
