"""Characters that markup must not hold, literally or as references."""

from __future__ import annotations

import html
import re

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_REFERENCE = re.compile(r"&#(?:[xX]0*([0-9a-fA-F]{1,6})|0*(\d{1,7}))(?![0-9a-fA-F]);?")


def clean_markup(text: str) -> str:
    """Replace characters that XML forbids by blanks; references from 128 to 159 mean Windows-1252, as in browsers."""
    return _REFERENCE.sub(_clean_reference, _FORBIDDEN.sub(" ", text))


def _clean_reference(match: re.Match[str]) -> str:
    code = int(match[1], 16) if match[1] else int(match[2])
    if 128 <= code <= 159:
        return _FORBIDDEN.sub(" ", html.unescape(f"&#{code};"))
    if code > 0x10FFFF or _FORBIDDEN.match(chr(code)):
        return " "
    return match[0]
