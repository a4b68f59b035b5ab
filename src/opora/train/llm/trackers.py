"""Experiment trackers known to accelerate: tensorboard, wandb, mlflow, ...

Their files are outside of the artefact, which is the same with and without trackers.

    with tracked(accelerator, settings, "raft"):
        accelerator.log({"loss": 1.2}, step=1)
"""

from __future__ import annotations

import atexit
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from accelerate import Accelerator
from accelerate.tracking import LOGGER_TYPE_TO_CLASS, get_available_trackers
from accelerate.utils import LoggerType, ProjectConfiguration

from opora.errors import InputError
from opora.train.settings import TrainSettings
from opora.validation import nearest


def open_accelerator(settings: TrainSettings, runs: Path) -> Accelerator:
    """Return the Accelerator. `runs`: folder for trackers that write files. Raises InputError for a tracker that is
    unknown or not installed, which accelerate would skip silently."""
    # names of accelerate, and those registered with `accelerate.tracking.register_tracker_class`
    supported = sorted({*map(str, LoggerType.list()), *LOGGER_TYPE_TO_CLASS} - {str(LoggerType.ALL)})
    installed = {str(name) for name in get_available_trackers()}
    for name in settings.trackers:
        if name not in supported:
            raise InputError(f"train: tracker {name!r} is unknown; {nearest(name, supported)}")
        if name in LoggerType.list() and name not in installed:
            raise InputError(f"train: tracker {name!r} is not installed; pip install {name}")
    folders = ProjectConfiguration(project_dir=str(runs), logging_dir=str(runs))
    trackers = list(settings.trackers) or None
    accelerator = Accelerator(cpu=settings.device == "cpu", log_with=trackers, project_config=folders)
    # a process that exits while the threads of gloo are running may abort
    atexit.register(accelerator.state.destroy_process_group)
    return accelerator


@contextmanager
def tracked(accelerator: Accelerator, settings: TrainSettings, name: str) -> Iterator[None]:
    """Start the trackers with the settings of the run, and finish them even if the run fails."""
    if settings.trackers:
        lines = flatten_settings(settings.model_dump(mode="json"))
        scalars = bool | int | float | str
        accelerator.init_trackers(name, {key: v if isinstance(v, scalars) else str(v) for key, v in lines})
    try:
        yield
    finally:
        # not `end_training`, which also destroys the process group; the next stage may need it
        for tracker in accelerator.trackers:
            tracker.finish()


def flatten_settings(data: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the dotted key and value of each setting, at any depth."""
    for key, value in data.items():
        if isinstance(value, dict):
            yield from flatten_settings(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
