"""Base classes of records and settings, and error messages that name the key, its value and the nearest known key.

In: keyword values, or a mapping from JSON or YAML through `parse_record`. Out: a validated, immutable record.

    parse_record(ChunkSettings, {"sise": 800}, "opora.yaml")
    # InputError: opora.yaml: sise is unknown; did you mean size?
"""

from __future__ import annotations

import difflib
import warnings
from collections.abc import Mapping
from types import UnionType
from typing import Annotated, Any, ClassVar, Self, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, model_validator
from pydantic_core import ErrorDetails

from opora.errors import InputError, RenamedSettingWarning


class Record(BaseModel):
    """Base of all records: immutable; an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Settings(Record):
    """Base of every section of a recipe."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    renamed: ClassVar[Mapping[str, str]] = {}
    """Old name of a setting -> its current name; old names are accepted for one release."""
    renamed_values: ClassVar[Mapping[str, Mapping[str, str]]] = {}
    """Name of a setting -> old value -> current value, also inside a list."""

    _origins: dict[str, str] = PrivateAttr(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _accept_old_names(cls, data: Any) -> Any:
        return cls.with_current_names(data) if isinstance(data, dict) else data

    @classmethod
    def with_current_names(cls, data: Mapping[str, Any]) -> dict[str, Any]:
        """Return `data` with names and values of the last release replaced, nested settings included. Each replacement
        is a RenamedSettingWarning. An old name beside the current one stays and will be an unknown key."""
        current: dict[str, Any] = {}
        for key, value in data.items():
            name = cls.renamed.get(key, key)
            if name != key and name not in data:
                warn_of_old_name(key, name)
            else:
                name = key
            current[name] = cls._current_value(name, value)
        return current

    @classmethod
    def _current_value(cls, name: str, value: Any) -> Any:
        field = cls.model_fields.get(name)
        model = next(iter(_models_in(field.annotation)), None) if field else None
        if isinstance(value, dict) and model and issubclass(model, Settings):
            return model.with_current_names(value)
        return _replace_old_value(name, value, cls.renamed_values.get(name, {}))

    @property
    def origins(self) -> dict[str, str]:
        """Dotted key -> source of its value: a file, `--set` or an option. Keys with their default are absent."""
        return dict(self._origins)

    def with_origins(self, origins: Mapping[str, str]) -> Self:
        """Record the sources of values; returns the same settings."""
        self._origins.update(origins)
        return self


def _replace_old_value(name: str, value: Any, renamed: Mapping[str, str]) -> Any:
    if isinstance(value, list | tuple):
        return type(value)(_replace_old_value(name, item, renamed) for item in value)
    if isinstance(value, str) and value in renamed:
        warn_of_old_name(f"{name}: {value}", renamed[value])
        return renamed[value]
    return value


def warn_of_old_name(old: str, current: str) -> None:
    """Warn that a setting, a value or a method has the name of the last release."""
    message = f"{old} is now {current}; the old name is accepted until the next release"
    warnings.warn(message, RenamedSettingWarning, stacklevel=2)


R = TypeVar("R", bound=Record)


def parse_record(model: type[R], data: object, where: str, prefix: str = "") -> R:
    """Validate `data` as `model`. Raises InputError; its message begins with `where`, a file (and line), and `prefix`
    precedes every key in it."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise InputError(f"{where}: {explain(model, error, prefix)}") from None


def explain(model: type[BaseModel], error: ValidationError, prefix: str = "") -> str:
    """Return one fault of a validation error as one line: the key, its value, and the nearest known key."""
    fault = chief_fault(error)
    path = [part for part in fault["loc"] if isinstance(part, str | int)]
    key = prefix + ".".join(map(str, path)) if path else prefix.rstrip(".")
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    if fault["type"] == "extra_forbidden":
        above = key[: len(key) - len(str(path[-1]))]
        return f"{key} is unknown; {nearest(str(path[-1]), known_fields(model, path[:-1]), above)}{more}"
    if fault["type"] == "missing":
        return f"{key} is missing{more}"
    message = fault["msg"]
    message = message.removeprefix("Value error, ") if fault["type"] == "value_error" else _lower_first(message)
    if not path:  # a rule on the settings as a whole names the keys itself
        return f"{key}: {message}{more}" if key else f"{message}{more}"
    value = repr(fault["input"])
    short = value if len(value) <= 60 else value[:57] + "..."
    return f"{key} is {short}: {message}{more}"


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]


def chief_fault(error: ValidationError) -> ErrorDetails:
    """Return the fault to show: an unknown key, which often explains a missing one, else the first."""
    faults = error.errors(include_url=False)
    return next((fault for fault in faults if fault["type"] == "extra_forbidden"), faults[0])


def known_fields(model: type[BaseModel], path: list[str | int]) -> list[str]:
    """Return the field names of the model at `path` (field names and indices) below `model`; empty if there is none."""
    current: type[BaseModel] | None = model
    for part in path:
        if current and isinstance(part, str) and part in current.model_fields:
            current = next(iter(_models_in(current.model_fields[part].annotation)), None)
    return list(current.model_fields) if current else []


def nearest(name: str, names: list[str], prefix: str = "") -> str:
    """Return 'did you mean X?' for a near miss, else the list of known names."""
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if close:
        return f"did you mean {prefix}{close[0]}?"
    return f"known: {', '.join(prefix + candidate for candidate in names) or 'none'}"


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    """Return the model classes inside an annotation such as `tuple[Quote, ...]` or `Price | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if get_origin(annotation) in (Union, UnionType, tuple, list, dict, Annotated):
        return [model for argument in get_args(annotation) for model in _models_in(argument)]
    return []


PositiveInt = Annotated[int, Field(gt=0)]
NonNegativeInt = Annotated[int, Field(ge=0)]
Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
