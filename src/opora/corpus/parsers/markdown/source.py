"""Preparation of Markdown source: extensions that CommonMark does not have are rewritten or removed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

ATTRIBUTES = re.compile(r"[ \t]*\{:?[ \t]*[#.][^{}\n]*\}[ \t]*$|^\{:[^{}\n]*\}[ \t]*$", re.MULTILINE)
"""Attribute lists, `{#id .class}` and `{: .class}`."""
TEMPLATE_TAG = re.compile(r"\{%.{0,300}?%\}|\{\{[^\n]{0,300}?\}\}|\{#-?[ \t].{0,300}?#\}", re.DOTALL)
"""Tags of Jinja, Liquid, Hugo."""
_FENCE = re.compile(r"[ \t]*(?:>[ \t]?)*[ \t]*(`{3,}|~{3,})")
_CONTAINER = re.compile(r"[ \t]*:{3,}[ \t]*(?:\{[^}]*\}|[\w-]*)[ \t]*(?:\[([^\]]*)\]|(.*?))[ \t]*:*$")
_ADMONITION = re.compile(r"([ \t]*)(?:!!!|\?\?\?\+?|===)[ \t]+(?:[\w-]+)?[ \t]*(?:\"([^\"]*)\")?[ \t]*$")
_CONTENTS = re.compile(r"[ \t]*(?:\[\[?_?toc_?\]\]?|\{:?toc\}|\$\{toc\})[ \t]*$", re.IGNORECASE)
_IMPORT = re.compile(r"(?:import|export)[ \t].*(?:from[ \t]+)?['\"].*['\"];?[ \t]*$")
_NOTE = re.compile(r" {0,3}\[(\^[^\]\s]+)\]:[ \t]*(.*)$")
_DEFINITION = re.compile(r" {0,3}(?=\[[^\]^][^\]]*\]:[ \t]*(\S*))")
_ADDRESS = re.compile(r"<|[\w+.-]+:|//|[#/.?]|\S+\.\w{2,5}(?:$|[/#?])|\S+/")
_TABLE = re.compile(r"<table\b|</table>", re.IGNORECASE)


class Note(NamedTuple):
    """A footnote: its mark, as in the text (`^1`), and its Markdown."""

    mark: str
    text: str


def prepare(body: str) -> tuple[str, list[Note]]:
    """Return the source as CommonMark with tables, and its footnotes."""
    # a blank line would end the block of HTML in the middle of a table
    body = _close_tables(body)
    notes: list[Note] = []
    lines = list(_without_notes(_rewrite(body.split("\n")), notes))
    return "\n".join(lines), notes


def _close_tables(body: str) -> str:
    """Return the source without blank lines inside tables of HTML."""
    pieces, end, start = [], 0, -1
    for match in _TABLE.finditer(body):
        if match.group().lower() != "</table>":
            start = match.start() if start < 0 else start
        elif start >= 0:
            pieces += [body[end:start], re.sub(r"\n[ \t]*(?=\n)", "", body[start : match.end()])]
            end, start = match.end(), -1
    return "".join([*pieces, body[end:]])


def _rewrite(lines: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """Yield (line, whether it is code), without the marks of containers, contents and attributes."""
    fence, indent = "", 0
    for line in lines:
        match = _FENCE.match(line)
        if fence:
            yield line, True
            if match and match[1].startswith(fence) and not line[match.end() :].strip(" \t`~"):
                fence = ""
            continue
        # the text of an admonition is indented
        if indent and line.strip():
            is_inside = len(line) - len(line.lstrip(" ")) >= indent
            line, indent = (line[4:], indent) if is_inside else (line, 0)
            match = _FENCE.match(line)
        if match:
            fence = match[1]
            yield line, True
        elif admonition := _ADMONITION.match(line):
            indent = len(admonition[1]) + 4
            yield from (("", False), (admonition[1] + (admonition[2] or ""), False), ("", False))
        elif container := _CONTAINER.match(line):
            yield from (("", False), (container[1] or container[2] or "", False), ("", False))
        elif _CONTENTS.match(line) or _IMPORT.match(line):
            yield "", False
        else:
            yield _escape_definition(line), False


def _escape_definition(line: str) -> str:
    """Keep `[Seller]: the firm` as text: only an address makes it the definition of a link."""
    match = _DEFINITION.match(line)
    if match and match[1] and not _ADDRESS.match(match[1]):
        return line[: match.end()] + "\\" + line[match.end() :]
    return line


def _without_notes(lines: Iterable[tuple[str, bool]], notes: list[Note]) -> Iterator[str]:
    """Yield the lines outside footnotes, which are added to `notes`."""
    inside, blank = False, False
    for line, is_code in lines:
        match = None if is_code else _NOTE.match(line)
        if match:
            notes.append(Note(f"[{match[1]}]", match[2]))
            inside, blank = True, False
            yield ""
        elif inside and not line.strip():
            blank = True
            yield ""
        elif inside and (line.startswith(("    ", "\t")) or not blank):
            gap = "\n\n" if blank else "\n"
            notes[-1] = notes[-1]._replace(text=notes[-1].text + gap + line.strip())
            blank = False
        else:
            inside = False
            yield line
