"""Trackers receive the log; the artefact does not depend on them."""

import json

import pytest
from accelerate.tracking import LOGGER_TYPE_TO_CLASS, GeneralTracker, get_available_trackers
from accelerate.utils import LoggerType

from opora.artifacts import read_json_lines
from opora.errors import InputError, OporaError
from tests.factories import train_adapter


class Lines(GeneralTracker):
    """A tracker that writes JSON Lines, as a user would register one with accelerate."""

    name = "lines"
    requires_logging_directory = True

    def __init__(self, run_name, logging_dir):
        super().__init__()
        self._path = f"{logging_dir}/{run_name}.jsonl"

    @property
    def tracker(self):
        return self._file

    def start(self):
        self._file = open(self._path, "a")  # noqa: SIM115 open until `finish`

    def store_init_configuration(self, values):
        self._write({"config": values})

    def log(self, values, step):
        self._write({"step": step, **values})

    def finish(self):
        self._write({"finished": True})
        self._file.close()

    def _write(self, row):
        self._file.write(json.dumps(row) + "\n")


@pytest.fixture
def tracked(tiny_model, tmp_path, monkeypatch):
    """Train with the tracker; what it got."""
    monkeypatch.setitem(LOGGER_TYPE_TO_CLASS, "lines", Lines)
    (tmp_path / "runs").mkdir()

    def run(name, **changes):
        manifest = train_adapter(tiny_model, tmp_path, name, trackers=("lines",), **changes)
        return manifest, [row for _, row in read_json_lines(tmp_path / "runs" / f"{name}.jsonl")]

    return run


def test_tracker_gets_settings_and_log(tracked, tmp_path):
    _, (config, *rows, end) = tracked("out")
    assert (config["config"]["lr"], config["config"]["lora.r"], config["config"]["max_steps"]) == (1e-2, 4, "None")
    log = [row for _, row in read_json_lines(tmp_path / "out" / "log.jsonl")]
    assert rows == log
    assert {"loss", "eval_loss"} <= rows[-1].keys()
    assert end == {"finished": True}


def test_trackers_do_not_change_the_adapter(tracked, tiny_model, tmp_path):
    manifest, _ = tracked("out")
    alone = train_adapter(tiny_model, tmp_path, "alone")
    assert (manifest.key, manifest.fingerprint) == (alone.key, alone.fingerprint)
    assert not list((tmp_path / "runs").glob("alone*"))


def test_tracker_is_finished_if_training_fails(tracked, tmp_path):
    with pytest.raises(OporaError, match="the loss is nan"):
        tracked("out", lr=1e30, max_grad_norm=1e30)
    *_, end = read_json_lines(tmp_path / "runs" / "out.jsonl")
    assert end[1] == {"finished": True}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("tensorbord", r"tracker 'tensorbord' is unknown; did you mean tensorboard\?"),
        ("all", "tracker 'all' is unknown"),
    ],
)
def test_unknown_tracker(tiny_model, tmp_path, name, message):
    with pytest.raises(InputError, match=message):
        train_adapter(tiny_model, tmp_path, trackers=(name,))
    assert not (tmp_path / "out").exists()


def test_tracker_that_is_not_installed(tiny_model, tmp_path):
    missing = [name for name in map(str, LoggerType.list()) if name not in {*map(str, get_available_trackers()), "all"}]
    assert missing, "every tracker there is cannot be installed at once"
    with pytest.raises(InputError, match=f"tracker '{missing[0]}' is not installed; pip install {missing[0]}"):
        train_adapter(tiny_model, tmp_path, trackers=(missing[0],))
