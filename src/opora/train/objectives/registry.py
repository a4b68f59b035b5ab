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

    def load(self) -> type[Objective]:
        """Import the class of the objective."""
        module, _, name = self.objective.partition(":")
        return cast("type[Objective]", getattr(import_module(module), name))


def _entry(name: str, help_text: str) -> ObjectiveEntry:
    """Row of the module `name`, which defines `NameSettings` and `Name`."""
    module, stem = f"{__package__}.{name}", name.capitalize()
    return ObjectiveEntry(f"{module}:{stem}Settings", f"{module}:{stem}", help_text)


OBJECTIVES = {
    "sft": _entry("sft", "Fine-tune a LoRA adapter on answers. Supervised: the loss is on the answers only."),
    "simpo": _entry("simpo", "Fine-tune a LoRA adapter on preferences, SimPO. No reference model; Meng et al. 2024."),
    "dpo": _entry("dpo", "Fine-tune a LoRA adapter on preferences, DPO. Rafailov et al. 2023."),
}
"""The recipe and the command line read this table."""


def open_objective(settings: TrainSettings) -> Objective:
    """Return the objective of `settings.method`."""
    return OBJECTIVES[settings.method].load()(settings)
