"""The recipe of a project: one YAML file, with the settings of each stage; they know the source of each value.

project = load_recipe(Path("opora.yaml"), overrides=["train.lr=1e-4"])
project.sections["train.raft"].lr                  # 0.0001
project.sections["train.raft"].origins             # {'lr': '--set', 'dataset': 'opora.yaml'}
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from opora.artifacts.stage import Project
from opora.errors import InputError
from opora.recipe.registry import RegistryEntry, entries, find_entry, sections
from opora.recipe.yaml_reader import read_yaml
from opora.validation import Settings, nearest, parse_record

RECIPE = Path("opora.yaml")
OPTIONS = "command line"
"""Origin of values that options of a command give."""


def load_recipe(
    path: Path = RECIPE, overrides: Sequence[str] = (), options: Mapping[str, object] | None = None
) -> Project:
    """Read `path` if it exists, apply `options` and then `overrides`, validate.

    `options` maps dotted keys to values; `{"train.raft.method": "sft"}` adds an entry that the file lacks. An override
    is `key.key=value`, the value as YAML. `train.lr=1e-4` applies to all entries of `train` that have the setting,
    `train.raft.lr=1e-4` to one. Raises InputError for a file that is not YAML, an unknown key or a wrong value.
    """
    where = ", ".join([str(path), *(f"--set {override}" for override in overrides)])
    recipe = _Recipe(_read(path), str(path), where)
    for key, value in (options or {}).items():
        recipe.put(key.split("."), value, OPTIONS)
    for override in overrides:
        for keys, value in recipe.targets(override):
            recipe.put(keys, value, "--set")
    return Project(path.parent, recipe.settings())


def load_existing_recipe(path: Path = RECIPE, overrides: Sequence[str] = ()) -> Project:
    """Like `load_recipe`. Raises InputError also if there is no file."""
    if not path.exists():
        raise InputError(f"{path}: no such file in {Path.cwd()}; `opora init .` writes one")
    return load_recipe(path, overrides)


def _read(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 at byte {error.start}; save the file as UTF-8") from None
    data = read_yaml(text, str(path))
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise InputError(f"{path}: expected sections ({', '.join(sections())}), got {data!r:.60}")
    return data


class _Recipe:
    """Sections as nested data, by name (`index`, `train.raft`), with current names of settings; and their origins."""

    def __init__(self, data: Mapping[str, Any], source: str, where: str) -> None:
        self._where = where
        self._data: dict[str, dict[str, Any]] = {}
        self._origins: dict[str, dict[str, str]] = {}
        for name, content in self._split(data):
            settings = content
            if isinstance(content, dict):
                settings = self._entry(name, content).load_settings().with_current_names(content)
            self._data[name] = settings
            self._origins[name] = dict.fromkeys(_leaves(settings), source)

    def _split(self, data: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        """Yield (name, settings) of each section without entries, and of each entry of the others."""
        for section, content in data.items():
            self._check_section(section)
            if not _has_entries(section):
                yield section, {} if content is None else content
            elif not isinstance(content, dict | None):
                raise InputError(f"{self._where}: {section} is {content!r:.60}: expected entries by name")
            else:
                for name, settings in (content or {}).items():
                    yield f"{section}.{name}", {} if settings is None else settings

    def _check_section(self, section: str) -> None:
        if section not in sections():
            raise InputError(f"{self._where}: {section} is unknown; {nearest(section, sections())}")

    def _entry(self, name: str, content: Mapping[str, Any]) -> RegistryEntry:
        """Return the row of the registry for a section, by its method."""
        return find_entry(name.partition(".")[0], str(content.get("method", "")), f"{self._where}: {name}")

    def _name_and_path(self, keys: Sequence[str]) -> tuple[str, Sequence[str]]:
        """Split a key: ('train.raft', ['lr']) or ('index', ['chunk', 'size'])."""
        depth = 2 if _has_entries(keys[0]) else 1
        return ".".join(keys[:depth]), keys[depth:]

    def targets(self, override: str) -> Iterator[tuple[list[str], Any]]:
        """Yield the keys that an override sets, with the value: one, or one per entry of a section."""
        key, sign, text = override.partition("=")
        keys = key.strip().split(".")
        if not sign or len(keys) < 2:
            raise InputError(f"--set {override}: expected section.key=value, such as train.lr=1e-4")
        self._check_section(keys[0])
        try:
            value = yaml.safe_load(text)
        except yaml.YAMLError:
            raise InputError(f"--set {override}: {text!r} is not YAML; quote it") from None
        if not _has_entries(keys[0]) or f"{keys[0]}.{keys[1]}" in self._data:
            yield keys, value
            return
        names = [name.partition(".")[2] for name in self._data if name.startswith(f"{keys[0]}.")]
        having = [name for name in names if self._has_setting(f"{keys[0]}.{name}", keys[1])]
        if not having:
            raise InputError(f"--set {override}: {keys[0]} has no entry or key {keys[1]!r}; entries: {names}")
        for name in having:
            yield [keys[0], name, *keys[1:]], copy.deepcopy(value)

    def _has_setting(self, name: str, key: str) -> bool:
        model = self._entry(name, self._data[name]).load_settings()
        return model.renamed.get(key, key) in model.model_fields

    def put(self, keys: Sequence[str], value: object, origin: str) -> None:
        """Set one value, under the current name of its key."""
        name, path = self._name_and_path(keys)
        data = self._data.setdefault(name, {})
        for key in reversed(path):
            value = {key: value}
        assert isinstance(value, dict)
        nested: Any = self._entry(name, data).load_settings().with_current_names(value)
        current = []
        for _ in path:
            [(key, nested)] = nested.items()
            current.append(key)
        for number, key in enumerate(current[:-1], 1):
            data = data.setdefault(key, {})
            if not isinstance(data, dict):
                raise InputError(f"{self._where}: {name}.{'.'.join(current[:number])} is a value, not a section")
        data[current[-1]] = nested
        self._origins.setdefault(name, {})[".".join(current)] = origin

    def settings(self) -> dict[str, Settings]:
        """Validate all sections, in the order of the registry; those without entries have their defaults."""
        names: list[str] = []
        for section in sections():
            own = [name for name in self._data if name.partition(".")[0] == section]
            names += own if _has_entries(section) else [section]
        return {name: self._validate(name, self._data.get(name, {})) for name in names}

    def _validate(self, name: str, data: object) -> Settings:
        entry = self._entry(name, data if isinstance(data, dict) else {})
        if isinstance(data, dict) and entry.method:
            data = {**data, "method": entry.method}
        settings = parse_record(entry.load_settings(), data, self._where, f"{name}.")
        return settings.with_origins(self._origins.get(name, {}))


def _has_entries(section: str) -> bool:
    """Return True if a section holds any number of entries by name, each with a method."""
    return any(entry.method for entry in entries(section))


def _leaves(data: object, prefix: str = "") -> Iterator[str]:
    """Yield the dotted key of each value."""
    if isinstance(data, dict):
        for key, value in data.items():
            yield from _leaves(value, f"{prefix}.{key}" if prefix else str(key))
    elif prefix:
        yield prefix
