"""Base classes of records and settings, and errors that name the key, its value and the nearest known key.

In: keyword values, or a mapping from JSON or YAML through `parse_record`. Out: a validated, immutable record.

    parse_record(ChunkSettings, {"sise": 800}, "opora.yaml")
    # InputError: opora.yaml: sise is unknown; did you mean size?
"""

from __future__ import annotations

import difflib
import warnings
from collections.abc import Mapping
from types import UnionType
from typing import Annotated, Any, ClassVar, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, model_validator
from pydantic_core import ErrorDetails

from opora.errors import InputError


class Record(BaseModel):
    """Base of every noun: immutable, and an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class RenamedSettingWarning(UserWarning):
    """A setting is given by the name that it had in the last release."""


class Settings(Record):
    """Base of every section of a recipe. `origins` tells where each given value came from (a file, `--set`, a flag)."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    renamed: ClassVar[Mapping[str, str]] = {}
    """Old name of a setting -> its name now; old names are accepted for one release."""
    renamed_values: ClassVar[Mapping[str, Mapping[str, str]]] = {}
    """Name of a setting -> old value -> value now, also where it stands in a list."""

    _origins: dict[str, str] = PrivateAttr(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _accept_old_names(cls, data: Any) -> Any:
        """Replace names and values of the last release, with a warning that gives the new one."""
        if not isinstance(data, dict):
            return data
        replaced: dict[str, Any] = {}
        for key, value in data.items():
            name = cls.renamed.get(key, key)
            if name != key and name in data:
                raise ValueError(f"{key} is the old name of {name}, and both are given; remove {key}")
            if name != key:
                _warn(f"setting {key} is now {name}; the old name is accepted until the next release")
            replaced[name] = _accept_old_value(name, value, cls.renamed_values.get(name, {}))
        return replaced

    @property
    def origins(self) -> dict[str, str]:
        """Dotted key -> where its value came from; a key that is absent has its default."""
        return dict(self._origins)

    def with_origins(self, origins: Mapping[str, str]) -> Settings:
        self._origins.update(origins)
        return self


def _accept_old_value(name: str, value: Any, renamed: Mapping[str, str]) -> Any:
    if isinstance(value, list | tuple):
        return type(value)(_accept_old_value(name, item, renamed) for item in value)
    if isinstance(value, str) and value in renamed:
        _warn(f"{name}: {value} is now {renamed[value]}; the old value is accepted until the next release")
        return renamed[value]
    return value


def _warn(message: str) -> None:
    warnings.warn(message, RenamedSettingWarning, stacklevel=2)


R = TypeVar("R", bound=Record)


def parse_record(model: type[R], data: object, where: str) -> R:
    """Validate `data` as `model`. `where` names the file (and line) for the message of the InputError."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise InputError(f"{where}: {explain(model, error)}") from None


def explain(model: type[BaseModel], error: ValidationError) -> str:
    """One fault of a validation error as one line: the key, its value, and the nearest known key."""
    first = chief_fault(error)
    path = [part for part in first["loc"] if isinstance(part, str | int)]
    location = _without_tags(model, path)
    key = ".".join(map(str, location))
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    if first["type"] == "extra_forbidden":
        prefix = "".join(f"{part}." for part in location[:-1])
        return f"{key} is unknown; {nearest(str(location[-1]), known_fields(model, path[:-1]), prefix)}{more}"
    if first["type"] == "missing":
        return f"{key} is missing{more}"
    value = repr(first["input"])
    shown = value if len(value) <= 60 else value[:57] + "..."
    message = first["msg"][0].lower() + first["msg"][1:]
    return f"{key} is {shown}: {message}{more}" if key else f"{message}{more}"


def chief_fault(error: ValidationError) -> ErrorDetails:
    """The fault to tell first: an unknown key, which often explains a missing one, else the first."""
    faults = error.errors(include_url=False)
    return next((fault for fault in faults if fault["type"] == "extra_forbidden"), faults[0])


def known_fields(model: type[BaseModel], path: list[str | int]) -> list[str]:
    """Field names of the model that lies at `path` (field names, indices, tags of unions) below `model`; empty if none
    does."""
    below = _models_below(model, path)
    return list(below[-1].model_fields) if below[-1] else []


def nearest(name: str, known: list[str], prefix: str = "") -> str:
    """'did you mean X?' for a near miss, else the list of what is known."""
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    if close:
        return f"did you mean {prefix}{close[0]}?"
    return f"known: {', '.join(prefix + each for each in known) or 'none'}"


def _without_tags(model: type[BaseModel], path: list[str | int]) -> list[str | int]:
    """A path as its writer knows it: pydantic puts the tag of a union into it."""
    below = _models_below(model, path)
    steps = zip(path, below, below[1:], strict=False)
    return [part for part, before, after in steps if not (before and _is_tag(part, before, after))]


def _models_below(model: type[BaseModel], path: list[str | int]) -> list[type[BaseModel] | None]:
    """The model at the beginning of a path and behind each of its parts; of a union the first until its tag comes."""
    found: list[type[BaseModel] | None] = [model]
    choices: list[type[BaseModel]] = []
    for part in path:
        current = found[-1]
        if current and isinstance(part, str) and part in current.model_fields:
            choices = _models_in(current.model_fields[part].annotation)
            found.append(choices[0] if choices else None)
        else:
            tagged = (each for each in choices if part in _tags(each))
            found.append(next(tagged, current))
    return found


def _is_tag(part: str | int, before: type[BaseModel], after: type[BaseModel] | None) -> bool:
    return part not in before.model_fields and after is not None and part in _tags(after)


def _tags(model: type[BaseModel]) -> tuple[Any, ...]:
    """What tells a model from the others of its union: the values of its `method`."""
    field = model.model_fields.get("method")
    return get_args(field.annotation) if field else ()


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    """The model classes inside an annotation such as `tuple[Quote, ...]` or `Train | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if get_origin(annotation) in (Union, UnionType, tuple, list, dict, Annotated):
        return [model for argument in get_args(annotation) for model in _models_in(argument)]
    return []


PositiveInt = Annotated[int, Field(gt=0)]
NonNegativeInt = Annotated[int, Field(ge=0)]
Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
