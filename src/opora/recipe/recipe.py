"""The recipe of a project: one YAML file, one section a stage.

In: `opora.yaml`, overrides such as `train.lr=1e-4`. Out: a validated recipe that knows where each value came from.

    recipe = load_recipe(Path("opora.yaml"), overrides=["train.lr=1e-4"])
    recipe.train["raft"].lr                  # 0.0001
    recipe.train["raft"].origins             # {'lr': '--set', 'dataset': 'opora.yaml'}
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from opora.answer.settings import AskSettings
from opora.bench.settings import AnyBenchSettings
from opora.corpus.settings import IngestSettings
from opora.dataset.raft.settings import RaftSettings
from opora.errors import InputError
from opora.report.settings import ReportSettings
from opora.retrieval.settings import IndexSettings
from opora.train.registry import AnyTrainSettings
from opora.validation import Settings, known_fields, nearest, parse_record

RECIPE = Path("opora.yaml")


class Recipe(Settings):
    """All sections. `dataset`, `train` and `bench` hold any number of entries by name; each entry is one artefact."""

    ingest: IngestSettings = IngestSettings()
    index: IndexSettings = IndexSettings()
    ask: AskSettings = AskSettings()
    dataset: dict[str, RaftSettings] = {}
    train: dict[str, AnyTrainSettings] = {}
    bench: dict[str, AnyBenchSettings] = {}
    report: ReportSettings = ReportSettings()


NAMED = ("dataset", "train", "bench")
"""Sections whose entries have names."""
DEFAULT_METHODS = {"train": "sft", "bench": "rag"}
"""What an entry is that names no method."""


def load_recipe(path: Path = RECIPE, overrides: Sequence[str] = (), entries: Mapping[str, str] | None = None) -> Recipe:
    """Read `path` if it is there, apply `overrides` (`key.key=value`, the value as YAML), validate.

    `entries` names one entry for each of some sections, `{"train": "raft"}`, that is to exist even if the file lacks
    it. An override of a named section, `train.lr=1e-4`, applies to all its entries; `train.raft.lr=1e-4` to one.
    Raises InputError for a file that is no YAML, an unknown key or a wrong value.
    """
    data = _read(path)
    origins = {key: str(path) for key in _leaves(data)}
    for section, entry in (entries or {}).items():
        data.setdefault(section, {}).setdefault(entry, {})
    for override in overrides:
        for keys, value in _targets(data, override):
            _put(data, keys, value, override)
            origins[".".join(keys)] = "--set"
    for section, method in DEFAULT_METHODS.items():
        for settings in (data.get(section) or {}).values():
            if isinstance(settings, dict):
                settings.setdefault("method", method)
    recipe = parse_record(Recipe, data, str(path) if not overrides else f"{path} with --set {' '.join(overrides)}")
    for section in Recipe.model_fields:
        value = getattr(recipe, section)
        for prefix, settings in _sections(section, value):
            settings.with_origins({k.removeprefix(prefix): v for k, v in origins.items() if k.startswith(prefix)})
    return recipe


def _read(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not YAML: {' '.join(str(error).split())}") from None
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise InputError(f"{path}: sections are expected ({', '.join(Recipe.model_fields)}), this is {data!r:.60}")
    # a section that is left empty, `index:`, means its defaults
    return {key: {} if value is None else value for key, value in data.items()}


def _targets(data: dict[str, Any], override: str) -> Iterator[tuple[list[str], Any]]:
    """The paths that an override sets: itself, or for a named section without a name one for each entry."""
    key, sign, text = override.partition("=")
    keys = key.strip().split(".")
    if not sign or len(keys) < 2:
        raise InputError(f"--set {override}: section.key=value is expected, such as train.lr=1e-4")
    if keys[0] not in Recipe.model_fields:
        raise InputError(f"--set {override}: {keys[0]} is unknown; {nearest(keys[0], list(Recipe.model_fields))}")
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        raise InputError(f"--set {override}: {text!r} is not YAML; quote it") from None
    section = data.get(keys[0]) or {}
    if keys[0] in NAMED and keys[1] not in section:
        if keys[1] not in known_fields(Recipe, [keys[0]]) or not section:
            raise InputError(f"--set {override}: {keys[0]} has no entry or key {keys[1]!r}; entries: {list(section)}")
        for name in section:
            yield [keys[0], name, *keys[1:]], copy.deepcopy(value)
    else:
        yield keys, value


def _put(data: dict[str, Any], keys: Sequence[str], value: Any, override: str) -> None:
    for key in keys[:-1]:
        if data.get(key) is None:
            data[key] = {}
        data = data[key]
        if not isinstance(data, dict):
            raise InputError(f"--set {override}: {key} is a value, not a section")
    data[keys[-1]] = value


def _leaves(data: Any, prefix: str = "") -> Iterator[str]:
    if isinstance(data, dict):
        for key, value in data.items():
            yield from _leaves(value, f"{prefix}.{key}" if prefix else str(key))
    else:
        yield prefix


def _sections(name: str, value: Any) -> Iterator[tuple[str, Settings]]:
    """(prefix of its keys, settings) of a section, or of each of its entries."""
    if isinstance(value, Settings):
        yield f"{name}.", value
    else:
        for entry, settings in value.items():
            yield f"{name}.{entry}.", settings
