"""Equations of Word (OMML) as plain text in Word's own linear form: `x=(-b±√(b^2-4ac))/2a`."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

from opora.corpus.parsers.docx.markup import NAMESPACES, attribute, name
from opora.corpus.parsers.storage.xml import Element

_OPERATOR, _DELIMITERS = "∫", ("(", ")", "|")
_SIMPLE = frozenset("!'′%°")
_W_TEXT = name("w:t")


def equation_text(element: Element) -> str:
    """Return an `m:oMath` element, or any part of it, on one line."""
    local = element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
    if local == "t" or element.tag == _W_TEXT:
        return _plain_letters(element.text or "")
    if local.endswith("Pr"):
        return ""
    convert = _CONVERTERS.get(local)
    return convert(element) if convert else "".join(map(equation_text, element))


def _plain_letters(text: str) -> str:
    """Return text with mathematical letters such as `𝑝` as plain letters, so that search finds them."""
    return "".join(
        unicodedata.normalize("NFKC", char) if "\U0001d400" <= char <= "\U0001d7ff" else char for char in text
    )


def _part(element: Element, local: str) -> str:
    child = element.find(f"{{{NAMESPACES['m']}}}{local}")
    return "" if child is None else equation_text(child).strip()


def _grouped(text: str) -> str:
    """Return an operand, in brackets if it needs them: `a/bc` would read as (a/b)c."""
    is_simple = len(text) < 2 or text.isalpha() or text.replace(",", "").replace(".", "").isdecimal()
    return text if is_simple or set(text[1:]) <= _SIMPLE else _bracketed(text)


def _fraction(element: Element) -> str:
    above, below = _grouped(_part(element, "num")), _part(element, "den")
    kind = attribute(element, f"{name('m:fPr')}/{name('m:type')}", name("m:val"))
    if kind == "noBar":
        return f"({_part(element, 'num')} ¦ {below})"
    return f"{above}/{below if len(below) < 2 or below.isdecimal() else _bracketed(below)}"


def _bracketed(text: str) -> str:
    return text if text[:1] == "(" and text.find(")") == len(text) - 1 else f"({text})"


def _scripts(element: Element) -> str:
    below, above = _part(element, "sub"), _part(element, "sup")
    scripts = (f"_{_grouped(below)}" if below else "") + (f"^{_grouped(above)}" if above else "")
    return _grouped_base(_part(element, "e")) + scripts


def _grouped_base(text: str) -> str:
    return text if len(text) < 2 or text.isalnum() or text[-1:] == ")" else f"({text})"


def _root(element: Element) -> str:
    degree, inner = _part(element, "deg"), _part(element, "e")
    sign = {"": "√", "2": "√", "3": "∛", "4": "∜"}.get(degree, f"√[{degree}]")
    return sign + (inner if len(inner) < 2 or inner.isdecimal() else f"({inner})")


def _n_ary(element: Element) -> str:
    sign = attribute(element, f"{name('m:naryPr')}/{name('m:chr')}", name("m:val"))
    below, above = _part(element, "sub"), _part(element, "sup")
    bounds = (f"_{_grouped(below)}" if below else "") + (f"^{_grouped(above)}" if above else "")
    return f"{_OPERATOR if sign is None else sign}{bounds} {_part(element, 'e')}"


def _delimited(element: Element) -> str:
    marks = [
        attribute(element, f"{name('m:dPr')}/{name(tag)}", name("m:val"))
        for tag in ("m:begChr", "m:endChr", "m:sepChr")
    ]
    first, last, between = (usual if mark is None else mark for mark, usual in zip(marks, _DELIMITERS, strict=True))
    return first + between.join(equation_text(child) for child in element.iterchildren(name("m:e"))) + last


def _function(element: Element) -> str:
    inner = _part(element, "e")
    return f"{_part(element, 'fName')}{inner if inner[:1] in ('(', '|') else f' {inner}'}"


def _limit(sign: str) -> Callable[[Element], str]:
    return lambda element: f"{_part(element, 'e')}{sign}{_grouped(_part(element, 'lim'))}"


def _rows(element: Element) -> str:
    lines = [equation_text(child) for child in element.iterchildren(name("m:e"))]
    return "; ".join(line for line in lines if line.strip())


def _matrix(element: Element) -> str:
    rows = [
        ", ".join(equation_text(cell) for cell in row.iterchildren(name("m:e")))
        for row in element.iterchildren(name("m:mr"))
    ]
    return "; ".join(rows)


def _accent(element: Element) -> str:
    sign = attribute(element, f"{name('m:accPr')}/{name('m:chr')}", name("m:val"))
    return _part(element, "e") + ("\u0302" if sign is None else sign)


_CONVERTERS: dict[str, Callable[[Element], str]] = {
    "f": _fraction,
    "sSup": _scripts,
    "sSub": _scripts,
    "sSubSup": _scripts,
    "sPre": _scripts,
    "rad": _root,
    "nary": _n_ary,
    "d": _delimited,
    "func": _function,
    "limLow": _limit("_"),
    "limUpp": _limit("^"),
    "eqArr": _rows,
    "m": _matrix,
    "acc": _accent,
}
