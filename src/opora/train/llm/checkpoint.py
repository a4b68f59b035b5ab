"""Checkpoint from which an interrupted run resumes: complete or absent. Weights are safetensors, the log is JSON."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch.nn import Parameter
from torch.optim import Optimizer

from opora.artifacts.atomic import recover, swap, sync

MOMENTS = ("exp_avg", "exp_avg_sq", "step")
STATE, TENSORS = "manifest.json", "state.safetensors"
"""The state is written last: a folder that contains it is complete, as with every artefact."""

Log = list[dict[str, Any]]
Weights = dict[str, torch.Tensor]


def save_checkpoint(
    folder: Path, log: Log, best: Weights, parameters: Mapping[str, Parameter], optimizer: Optimizer
) -> None:
    """Write the checkpoint to a sibling folder, sync it, and swap it in. `best`: weights to restore at early
    stopping."""
    partial = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    tensors = {f"{name} best": tensor for name, tensor in best.items()}
    for name, parameter in parameters.items():
        tensors[f"{name} value"] = parameter.detach()
        tensors |= {f"{name} {moment}": optimizer.state[parameter][moment] for moment in MOMENTS}
    save_file({name: tensor.contiguous().cpu() for name, tensor in tensors.items()}, str(partial / TENSORS))
    sync(partial / TENSORS)
    (partial / STATE).write_text(json.dumps({"step": log[-1]["step"], "log": log}), encoding="utf-8")
    sync(partial / STATE)
    swap(partial, folder)


def load_checkpoint(folder: Path, parameters: Mapping[str, Parameter], optimizer: Optimizer) -> tuple[Log, Weights]:
    """Load parameters and optimizer in place from the checkpoint, and return its log and best weights. Changes nothing
    if there is none."""
    recover(folder)
    if not (folder / STATE).exists():
        return [], {}
    tensors = load_file(str(folder / TENSORS))
    with torch.no_grad():
        for name, parameter in parameters.items():
            parameter.copy_(tensors[f"{name} value"])
            optimizer.state[parameter] = {
                moment: tensors[f"{name} {moment}"].to("cpu" if moment == "step" else parameter.device)
                for moment in MOMENTS
            }
    best = {name.removesuffix(" best"): tensor for name, tensor in tensors.items() if name.endswith(" best")}
    return json.loads((folder / STATE).read_text(encoding="utf-8"))["log"], best
