"""Checkpoint from which an interrupted run resumes: complete or absent.

In: a folder. Out: the state of the last complete checkpoint. Weights are safetensors, the rest is JSON.

    save_checkpoint(folder, TrainingState(step=10, log=[...], best={}), parameters, optimizer)
    state = load_checkpoint(folder, parameters, optimizer)      # None if there is none
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors.torch import load_file, save_file

from opora.artifacts.atomic import recover, swap, sync

MOMENTS = ("exp_avg", "exp_avg_sq", "step")
STATE, TENSORS = "manifest.json", "state.safetensors"
"""The state is written last: a folder that contains it is complete, as with every artefact."""


class TrainingState(NamedTuple):
    """`step`: number of finished steps; `log`: its rows; `best`: name -> weights to restore at early stopping."""

    step: int
    log: list[dict[str, Any]]
    best: dict[str, torch.Tensor]


def save_checkpoint(
    folder: Path, state: TrainingState, parameters: Mapping[str, torch.nn.Parameter], optimizer: torch.optim.Optimizer
) -> None:
    """Write the checkpoint to a sibling folder, sync it, and swap it in."""
    partial = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    tensors = {f"{name} value": parameter.detach() for name, parameter in parameters.items()}
    for name, parameter in parameters.items():
        tensors |= {f"{name} {moment}": optimizer.state[parameter][moment] for moment in MOMENTS}
    tensors |= {f"{name} best": tensor for name, tensor in state.best.items()}
    save_file({name: tensor.contiguous().cpu() for name, tensor in tensors.items()}, str(partial / TENSORS))
    sync(partial / TENSORS)
    (partial / STATE).write_text(json.dumps({"step": state.step, "log": state.log}), encoding="utf-8")
    sync(partial / STATE)
    swap(partial, folder)


def load_checkpoint(
    folder: Path, parameters: Mapping[str, torch.nn.Parameter], optimizer: torch.optim.Optimizer
) -> TrainingState | None:
    """Load parameters and optimizer in place from the checkpoint. Returns None, and changes nothing, if there is
    none."""
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
    best = {name.removesuffix(" best"): tensor for name, tensor in tensors.items() if name.endswith(" best")}
    return TrainingState(**json.loads((folder / STATE).read_text(encoding="utf-8")), best=best)
