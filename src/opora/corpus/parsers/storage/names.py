"""Names of files inside other files, which may be absolute, climb, or hold anything."""

from __future__ import annotations

import re
import unicodedata

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")


def clean_name(name: str) -> str:
    """Return a name as one clean path: folders are kept, control characters and `..` are not."""
    clean = _CONTROL.sub(" ", unicodedata.normalize("NFC", name)).replace("\\", "/")
    steps = [" ".join(step.split()) for step in clean.split("/")]
    return "/".join(step for step in steps if step not in ("", ".", ".."))
