"""The little of style sheets that changes how a page reads: hidden, raised and centred elements."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml.html import HtmlElement

MAX_SHEET = 50_000
"""Characters of a page's own style sheets that are searched."""
_RULE = re.compile(r"([^{}]{1,500})\{([^{}]*)\}")
_CLASS = re.compile(r"(?:[a-z]+[1-6]?)?\.([\w-]+)\Z", re.IGNORECASE)
_GROUP = re.compile(r"@[\w-]+[^{};]*\{")
_BRACE = re.compile(r"[{}]")
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all", re.IGNORECASE)
_RAISED = re.compile(r"vertical-align\s*:\s*super", re.IGNORECASE)
_LOWERED = re.compile(r"vertical-align\s*:\s*sub", re.IGNORECASE)
_CENTRED = re.compile(r"text-align\s*:\s*center", re.IGNORECASE)
_HIDDEN_CLASS = re.compile(r"(?:^|\s)(?:sr-only|visually-?hidden|screen-reader-text)(?:\s|$)")
_MAX_ANCESTORS = 4


class Styles:
    """Classes that the page's own style sheets hide, raise, lower or centre."""

    def __init__(self, root: HtmlElement) -> None:
        sheet = " ".join(style.text or "" for style in root.iter("style"))[:MAX_SHEET]
        rules = _RULE.findall(re.sub(r"/\*.*?\*/|<!--|-->", " ", _without_groups(sheet), flags=re.DOTALL))
        self.hidden = _classes(rules, _HIDDEN)
        self.centred = _classes(rules, _CENTRED)
        self.raised, self.lowered = _classes(rules, _RAISED), _classes(rules, _LOWERED)

    def is_hidden(self, element: HtmlElement) -> bool:
        """Return True if a reader of the page does not see an element; `html` and `body` always count as seen."""
        attributes = element.attrib
        if not attributes or element.tag in ("html", "body"):
            return False
        if "hidden" in attributes or attributes.get("aria-hidden") == "true":
            return True
        if (style := attributes.get("style")) and _HIDDEN.search(style):
            return True
        names = attributes.get("class")
        return bool(names) and (bool(_HIDDEN_CLASS.search(names)) or not self.hidden.isdisjoint(names.split()))

    def script_of(self, element: HtmlElement) -> str:
        """Return `sup` for raised text, `sub` for lowered text, else an empty string."""
        if element.tag in ("sup", "sub"):
            return str(element.tag)
        if element.tag != "span" or not element.attrib:
            return ""
        style, names = element.get("style") or "", (element.get("class") or "").split()
        if _RAISED.search(style) or not self.raised.isdisjoint(names):
            return "sup"
        return "sub" if _LOWERED.search(style) or not self.lowered.isdisjoint(names) else ""


def is_centred(element: HtmlElement, classes: frozenset[str]) -> bool:
    """Return True if an element, or one closely around it, is centred by its attributes or classes."""
    current: HtmlElement | None = element
    for _ in range(_MAX_ANCESTORS):
        if current is None or current.tag in ("body", "table"):
            return False
        if current.tag == "center" or current.get("align", "").lower() == "center":
            return True
        style = current.get("style") or ""
        if "text-align" in style:
            return bool(_CENTRED.search(style))
        if not classes.isdisjoint((current.get("class") or "").split()):
            return True
        current = current.getparent()
    return False


def _without_groups(sheet: str) -> str:
    """Return a style sheet without groups such as `@media print { ... }`, whose rules hold on some screens only."""
    kept, position = [], 0
    while match := _GROUP.search(sheet, position):
        kept.append(sheet[position : match.start()])
        depth, position = 1, match.end()
        while depth and (brace := _BRACE.search(sheet, position)):
            depth += 1 if brace[0] == "{" else -1
            position = brace.end()
        if depth:
            return "".join(kept)
    return "".join([*kept, sheet[position:]])


def _classes(rules: list[tuple[str, str]], declaration: re.Pattern[str]) -> frozenset[str]:
    """Return the classes that a rule gives a declaration by themselves, not inside of other elements."""
    selectors = [selector.strip() for names, body in rules if declaration.search(body) for selector in names.split(",")]
    return frozenset(match[1] for selector in selectors if (match := _CLASS.match(selector)))
