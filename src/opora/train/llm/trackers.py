"""Trackers of experiments, by the names that accelerate knows: tensorboard, wandb, mlflow, ...

In: the names in the settings. Out: an Accelerator whose `log` writes to each. What they keep on disk lies outside of
the artefact, which is the same with and without them.

    accelerator = open_accelerator(settings, Path("runs"))
    with tracked(accelerator, settings, "raft"):
        accelerator.log({"loss": 1.2}, step=1)
"""

from __future__ import annotations

import atexit
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from accelerate import Accelerator
from accelerate.tracking import LOGGER_TYPE_TO_CLASS, get_available_trackers
from accelerate.utils import LoggerType, ProjectConfiguration

from opora.errors import InputError
from opora.train.llm.card import setting_lines
from opora.train.settings import TrainSettings
from opora.validation import nearest


def open_accelerator(settings: TrainSettings, runs: Path) -> Accelerator:
    """`runs` is the folder for trackers that write files. Raises InputError for one that is unknown or not installed,
    which accelerate would leave out without a word."""
    _check(settings.trackers)
    places = ProjectConfiguration(project_dir=str(runs), logging_dir=str(runs))
    made = Accelerator(cpu=settings.device == "cpu", log_with=list(settings.trackers) or None, project_config=places)
    # a process that ends while gloo's threads run may abort
    atexit.register(made.state.destroy_process_group)
    return made


def _check(names: Sequence[str]) -> None:
    # besides its own names, those that `accelerate.tracking.register_tracker_class` was given
    known = sorted({*map(str, LoggerType.list()), *LOGGER_TYPE_TO_CLASS} - {str(LoggerType.ALL)})
    installed = {str(each) for each in get_available_trackers()}
    for name in names:
        if name not in known:
            raise InputError(f"train: trackers names {name!r}, which is unknown; {nearest(name, known)}")
        if name in LoggerType.list() and name not in installed:
            raise InputError(f"train: trackers names {name!r}, which is not installed; pip install {name}")


@contextmanager
def tracked(accelerator: Accelerator, settings: TrainSettings, name: str) -> Iterator[None]:
    """Start the trackers with the settings of the run, and finish them however it ends."""
    plain = (bool, int, float, str)
    lines = setting_lines(settings.model_dump(mode="json"))
    config = {key: value if isinstance(value, plain) else str(value) for key, value in lines}
    if settings.trackers:
        accelerator.init_trackers(name, config)
    try:
        yield
    finally:
        # not `end_training`, which also takes down what the processes talk through; the stage after may need it
        for tracker in accelerator.trackers:
            tracker.finish()
