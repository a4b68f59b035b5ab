"""A backend of local models is one file and one row of BACKENDS."""

import sys
from types import SimpleNamespace

import pytest

from opora.errors import InputError
from opora.models.backends.scripted import ScriptedModel
from opora.models.registry import load_model
from opora.models.settings import ModelSettings
from opora.models.spec import BACKENDS
from opora.validation import parse_record


@pytest.mark.parametrize("backend", ["auto", "int4"])
def test_a_new_backend_is_one_row(tiny_model, monkeypatch, backend):
    opened = []

    def open_model(spec, settings, device):
        opened.append((spec, str(device)))
        return ScriptedModel(spec="int4")

    module = SimpleNamespace(supports=lambda spec, device: device.type == "cpu", open_model=open_model)
    monkeypatch.setitem(sys.modules, "backend_int4", module)
    for user in ("backends.loading", "settings"):
        monkeypatch.setattr(f"opora.models.{user}.BACKENDS", {"int4": "backend_int4", **BACKENDS})
    model = load_model(f"hf:{tiny_model}", ModelSettings(backend=backend, device="cpu"))
    assert model.spec == "int4"
    assert opened == [(f"hf:{tiny_model}", "cpu")]


def test_an_unknown_backend_is_one_line():
    with pytest.raises(InputError, match="backend is 'vllm': use auto, ctranslate2, transformers"):
        parse_record(ModelSettings, {"backend": "vllm"}, "opora.yaml")
