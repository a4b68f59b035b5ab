"""Training objectives by the name of their method in a recipe. An objective is one file here and one row."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple, cast

if TYPE_CHECKING:
    from opora.train.objectives.base import Objective
    from opora.train.settings import TrainSettings


class ObjectiveEntry(NamedTuple):
    """`settings` and `objective` are named as `module:Class` and imported when they are used."""

    settings: str
    objective: str
    help: str


OBJECTIVES = {
    "sft": ObjectiveEntry(
        "opora.train.objectives.sft:SftSettings", "opora.train.objectives.sft:Sft",
        "Fine-tune a LoRA adapter on answers. Supervised: the loss is on the answers only.",
    ),
    "simpo": ObjectiveEntry(
        "opora.train.objectives.simpo:SimpoSettings", "opora.train.objectives.simpo:Simpo",
        "Fine-tune a LoRA adapter on preferences, SimPO. No reference model; Meng et al. 2024.",
    ),
    "dpo": ObjectiveEntry(
        "opora.train.objectives.dpo:DpoSettings", "opora.train.objectives.dpo:Dpo",
        "Fine-tune a LoRA adapter on preferences, DPO. Rafailov et al. 2023.",
    ),
}  # fmt: skip
"""The recipe and the command line read this table."""


def open_objective(settings: TrainSettings) -> Objective:
    """Return the objective of `settings.method`."""
    module, _, name = OBJECTIVES[settings.method].objective.partition(":")
    return cast("Objective", getattr(import_module(module), name)(settings))
