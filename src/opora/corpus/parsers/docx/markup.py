"""Names of elements of WordprocessingML, and access to their attributes and children."""

from __future__ import annotations

from collections.abc import Iterator

from opora.corpus.parsers.storage.xml import Element

_OFFICE = "http://schemas.openxmlformats.org/"
NAMESPACES = {
    "w": _OFFICE + "wordprocessingml/2006/main",
    "r": _OFFICE + "officeDocument/2006/relationships",
    "m": _OFFICE + "officeDocument/2006/math",
    "a": _OFFICE + "drawingml/2006/main",
    "wp": _OFFICE + "drawingml/2006/wordprocessingDrawing",
    "c": _OFFICE + "drawingml/2006/chart",
    "dgm": _OFFICE + "drawingml/2006/diagram",
    "mc": _OFFICE + "markup-compatibility/2006",
    "o": "urn:schemas-microsoft-com:office:office",
}


def name(short: str) -> str:
    """Return the full name of an element or attribute: `w:p` -> `{http://...}p`."""
    prefix, _, local = short.partition(":")
    return f"{{{NAMESPACES[prefix]}}}{local}"


VAL, ID, TYPE = name("w:val"), name("w:id"), name("w:type")
REMOVED = frozenset(map(name, ("w:del", "w:moveFrom")))
"""Tracked deletions."""
WRAPPERS = frozenset(
    map(name, ("w:sdt", "w:sdtContent", "w:customXml", "w:smartTag", "w:ins", "w:moveTo", "mc:AlternateContent",
               "mc:Choice", "mc:Fallback"))
)  # fmt: skip
"""Elements that may stand around rows, cells and paragraphs."""
_ALTERNATIVES, _CHOICE, _FALLBACK = map(name, ("mc:AlternateContent", "mc:Choice", "mc:Fallback"))
_TEXTS = tuple(map(name, ("w:t", "a:t", "m:t")))


def attribute(element: Element | None, child: str, key: str = VAL) -> str | None:
    """Return an attribute of the first child of that full name; None if either is missing."""
    found_child = None if element is None else element.find(child)
    return None if found_child is None else found_child.get(key)


def switch(element: Element) -> bool:
    """Return the value of an on/off property such as `w:b`."""
    return element.get(VAL, "true").lower() not in ("false", "0", "off", "none")


def is_on(element: Element | None, child: str) -> bool:
    """Return True if the element has an on/off property, and it is on."""
    found_child = None if element is None else element.find(child)
    return found_child is not None and switch(found_child)


def integer(value: str | None, default: int = 0, limit: int = 2**31) -> int:
    """Return the value of a number as Word writes it, between -`limit` and `limit`; `default` if it is no number."""
    try:
        return max(-limit, min(limit, int(value or "")))
    except ValueError:
        return default


def unwrapped(element: Element, tag: str) -> Iterator[Element]:
    """Yield the children of that full name, also those inside content controls and tracked insertions."""
    for child in chosen(element):
        if child.tag == tag:
            yield child
        elif child.tag in WRAPPERS:
            yield from unwrapped(child, tag)


def chosen(element: Element) -> Iterator[Element]:
    """Yield the children of an element; of `mc:AlternateContent` only the alternative that is shown."""
    if element.tag != _ALTERNATIVES:
        yield from element
        return
    options = [child for child in element if child.tag in (_CHOICE, _FALLBACK)]
    with_text = [option for option in options if next(option.iter(*_TEXTS), None) is not None]
    yield from (with_text or options)[:1]
