"""A new objective is one module and one row."""

from typing import Literal

import pytest

from opora.artifacts import read_json_lines
from opora.train.llm.stage import AdapterStage
from opora.train.objectives.registry import OBJECTIVES, ObjectiveEntry, open_objective
from opora.train.objectives.sft import Sft
from opora.train.settings import LoraSettings, TrainSettings
from tests.factories import make_chat_row, make_dataset


class ScaledSettings(TrainSettings):
    """Supervised fine-tuning with a scaled loss."""

    method: Literal["scaled"] = "scaled"
    """Scaled supervised fine-tuning."""
    scale: float = 2.0
    """Factor of the loss."""


class Scaled(Sft):
    def __init__(self, settings):
        self._scale = settings.scale

    def loss(self, scorer, examples):
        output = super().loss(scorer, examples)
        return output._replace(loss=self._scale * output.loss)


@pytest.mark.parametrize("method", OBJECTIVES)
def test_every_objective_opens_with_its_settings(method):
    from importlib import import_module

    module, _, name = OBJECTIVES[method].settings.partition(":")
    settings = getattr(import_module(module), name)()
    assert settings.method == method
    objective = type(open_objective(settings))
    assert f"{objective.__module__}:{objective.__name__}" == OBJECTIVES[method].objective


def test_new_objective_is_one_row(tiny_model, tmp_path, monkeypatch):
    monkeypatch.setitem(OBJECTIVES, "scaled", ObjectiveEntry("", f"{__name__}:Scaled", "Scaled loss."))
    make_dataset(tmp_path / "dataset" / "raft", [make_chat_row(n) for n in range(4)])
    losses = []
    for scale in (1.0, 3.0):
        settings = ScaledSettings(
            model=f"hf:{tiny_model}", device="cpu", precision="fp32", scale=scale, max_steps=1, lora=LoraSettings(r=4)
        )
        out = tmp_path / f"scaled-{scale}"
        assert AdapterStage(settings, tmp_path / "dataset", out).run().stage == "train scaled"
        losses += [row["loss"] for _, row in read_json_lines(out / "log.jsonl")]
    assert losses[1] == pytest.approx(3 * losses[0], rel=1e-4)
