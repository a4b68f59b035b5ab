"""Properties of OLE documents, such as their title."""

from __future__ import annotations

from opora.corpus.blocks import one_line

_UTF8 = 65001


def decode_property(value: object, codepage: object) -> str:
    """Return a property as text; its code page is a signed number. Empty for a broken one."""
    if not isinstance(value, bytes) or not isinstance(codepage, int | None):
        return ""
    page = (codepage or 1252) % 0x10000
    try:
        return one_line(value.decode("utf-8" if page == _UTF8 else f"cp{page}", "replace").rstrip("\0"))
    except LookupError:
        return ""
