"""Where a killed run goes on from: weights, optimizer and log, whole or absent.

In: a folder. Out: the state of the last checkpoint that was written whole. Weights are safetensors, the rest JSON.

    save_checkpoint(folder, State(step=10, log=[...], kept={}), parameters, optimizer)
    state = load_checkpoint(folder, parameters, optimizer)      # None where there is none
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors.torch import load_file, save_file

from opora.artifacts.build import recover, swap, sync

MOMENTS = ("exp_avg", "exp_avg_sq", "step")
STATE, TENSORS = "manifest.json", "state.safetensors"
"""The state is written last: a folder that holds it is whole, as with every artefact."""


class State(NamedTuple):
    """`step`: how many steps were done. `log`: its rows. `kept`: the weights that a stop would go back to, by name."""

    step: int
    log: list[dict[str, Any]]
    kept: dict[str, torch.Tensor]


def save_checkpoint(
    folder: Path, state: State, parameters: Mapping[str, torch.nn.Parameter], optimizer: torch.optim.Optimizer
) -> None:
    """Write beside, sync, swap."""
    partial = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    tensors = {f"{name} value": parameter.detach() for name, parameter in parameters.items()}
    for name, parameter in parameters.items():
        tensors |= {f"{name} {moment}": optimizer.state[parameter][moment] for moment in MOMENTS}
    tensors |= {f"{name} kept": tensor for name, tensor in state.kept.items()}
    save_file({name: tensor.contiguous().cpu() for name, tensor in tensors.items()}, str(partial / TENSORS))
    sync(partial / TENSORS)
    (partial / STATE).write_text(json.dumps({"step": state.step, "log": state.log}), encoding="utf-8")
    sync(partial / STATE)
    swap(partial, folder)


def load_checkpoint(
    folder: Path, parameters: Mapping[str, torch.nn.Parameter], optimizer: torch.optim.Optimizer
) -> State | None:
    """Put parameters and optimizer into the state of the checkpoint; None, and nothing changed, if there is none."""
    recover(folder)
    if not (folder / STATE).exists():
        return None
    tensors = load_file(str(folder / TENSORS))
    with torch.no_grad():
        for name, parameter in parameters.items():
            parameter.copy_(tensors[f"{name} value"])
            optimizer.state[parameter] = {
                moment: tensors[f"{name} {moment}"].to("cpu" if moment == "step" else parameter.device)
                for moment in MOMENTS
            }
    kept = {name.removesuffix(" kept"): tensor for name, tensor in tensors.items() if name.endswith(" kept")}
    return State(**json.loads((folder / STATE).read_text(encoding="utf-8")), kept=kept)
