"""Fused LoRA layers agree with PEFT, and leave unsupported cases to it."""

import copy

import pytest
import torch
from peft import LoraConfig, get_peft_model
from peft.tuners.lora.layer import Linear

from opora.train.engine.fused_lora import _LoraLinear, fuse_lora


class Two(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = torch.nn.Linear(6, 5), torch.nn.Linear(5, 4, bias=False)

    def forward(self, x):
        return self.second(torch.tanh(self.first(x)))


def adapted(**changes):
    torch.manual_seed(0)
    config = LoraConfig(r=3, lora_alpha=5, target_modules=["first", "second"], init_lora_weights=False, **changes)
    return get_peft_model(Two(), config).train()


def run(model, x):
    model.zero_grad()
    torch.manual_seed(3)
    out = model(x)
    (out * torch.arange(out.numel()).view_as(out)).sum().backward()
    return out, {name: tensor.grad for name, tensor in model.named_parameters() if tensor.grad is not None}


@pytest.mark.parametrize(
    "changes", [{}, {"use_rslora": True}, {"lora_dropout": 0.5}, {"use_dora": True}, {"lora_bias": True}]
)
def test_same_values_and_gradients(changes):
    model = adapted(**changes)
    fused = copy.deepcopy(model)
    fuse_lora(fused)
    x = torch.randn(2, 7, 6)
    (out, gradients), (fused_out, fused_gradients) = run(model, x.requires_grad_()), run(fused, x)
    torch.testing.assert_close(out, fused_out, rtol=1e-5, atol=1e-4)
    assert gradients.keys() == fused_gradients.keys()
    for name, gradient in gradients.items():
        torch.testing.assert_close(gradient, fused_gradients[name], rtol=1e-5, atol=1e-4)


def test_fusion_is_used_only_if_supported(monkeypatch):
    model, calls = adapted(), []
    apply = _LoraLinear.apply
    monkeypatch.setattr(_LoraLinear, "apply", lambda *a: calls.append(1) or apply(*a))
    fuse_lora(model)
    fuse_lora(model)
    x = torch.randn(3, 6)
    model(x)
    assert len(calls) == 2
    with model.disable_adapter():
        torch.testing.assert_close(model(x), model.get_base_model()(x))
    base = model(x)
    assert len(calls) == 4
    model.merge_adapter()
    torch.testing.assert_close(model(x), base)
    assert len(calls) == 4
    assert sum(type(module) is Linear for module in model.modules()) == 2
