"""Fonts whose letters are all of one width."""

from __future__ import annotations

import functools

_MONOSPACED = ("courier", "consolas", "lucida console", "menlo", "monaco", "cascadia", "inconsolata", "mono")


@functools.cache
def is_monospaced(font: str | None) -> bool:
    """Return True for the name of a font for code, such as `Courier New` or `PT Mono`."""
    return font is not None and any(part in font.lower() for part in _MONOSPACED)
