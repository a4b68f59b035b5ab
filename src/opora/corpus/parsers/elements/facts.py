"""Facts that office documents state of themselves in the terms of Dublin Core."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from opora.corpus.blocks import one_line
from opora.corpus.parsers.storage.xml import Element, local_name
from opora.records import Scalar

_NAMES = {
    "initial-creator": "author", "creator": "author", "creation-date": "created", "created": "created",
    "date": "modified", "modified": "modified",
}  # fmt: skip
"""Name of an element of Office Open XML or OpenDocument -> our name; later ones in the file win."""
_DATE = re.compile(r"(?:19|20)\d\d-\d\d-\d\d")


class Facts(NamedTuple):
    """Title of a document, its author and its dates (ISO 8601)."""

    title: str = ""
    metadata: dict[str, Scalar] = {}


def read_facts(elements: Iterable[Element]) -> Facts:
    """Return the facts in a list of elements."""
    title, metadata = "", dict[str, Scalar]()
    for element in elements:
        name, text = local_name(element), one_line(element.text or "")
        if name == "title":
            title = text
        elif text and _NAMES.get(name) == "author":
            metadata["author"] = text
        elif name in _NAMES and (match := _DATE.match(text)):
            metadata[_NAMES[name]] = match.group()
    return Facts(title, metadata)
