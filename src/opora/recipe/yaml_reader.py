"""YAML as users write it: a key that is given twice is an error, not the loss of the first."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import yaml

from opora.errors import InputError

MERGE = "tag:yaml.org,2002:merge"


def read_yaml(text: str, where: str) -> Any:
    """Return the value of a YAML text. Raises InputError that names `where`, the line and the fault."""
    try:
        return yaml.load(text, _Loader)
    except _DuplicateKeyError as error:
        key = error.problem
        raise InputError(f"{where}:{error.line}: {key} is given twice, first on line {error.first}; keep one") from None
    except yaml.YAMLError as error:
        raise InputError(f"{where}: not YAML: {' '.join(str(error).split())}") from None


class _DuplicateKeyError(yaml.YAMLError):
    def __init__(self, problem: str, line: int, first: int) -> None:
        super().__init__(problem)
        self.problem, self.line, self.first = problem, line, first


class _Loader(yaml.SafeLoader):
    """Loader of plain values whose mappings have distinct keys."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        lines: dict[Hashable, int] = {}
        for key_node, _ in node.value:
            key = None if key_node.tag == MERGE else self.construct_object(key_node, deep=True)
            if key is None or not isinstance(key, Hashable):
                continue  # a merge, or a fault that SafeLoader names
            line = key_node.start_mark.line + 1
            if key in lines:
                raise _DuplicateKeyError(str(key), line, lines[key])
            lines[key] = line
        return super().construct_mapping(node, deep)
