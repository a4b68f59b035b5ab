"""Find relative links whose file or anchor does not exist."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

LINK = re.compile(r"\]\(<?([^)\s>]+)>?\)|(?:src|href)=\"([^\"]+)\"")
CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.MULTILINE | re.DOTALL)


def broken_links(pages: Iterable[Path], root: Path) -> list[str]:
    """Return one line per broken link: page, link, reason."""
    return [f"{page.relative_to(root)}: {fault}" for page in pages for fault in _faults(page)]


def _faults(page: Path) -> Iterator[str]:
    for match in LINK.finditer(CODE.sub("", page.read_text("utf-8"))):
        link = match[1] or match[2]
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        if not target.exists():
            yield f"link {link}: no such file"
        elif anchor and target.suffix == ".md" and anchor not in anchors(target.read_text("utf-8")):
            yield f"link {link}: {name or page.name} has no heading with this anchor"


def anchors(text: str) -> set[str]:
    """Return the anchors of all headings, made as GitHub makes them."""
    headings = re.findall(
        r"^#+ +(.+?) *$", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL), re.MULTILINE
    )
    counts: dict[str, int] = {}
    found = set()
    for heading in headings:
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)|[`*]", r"\1", heading)
        anchor = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
        number = counts.get(anchor, 0)
        counts[anchor] = number + 1
        found.add(f"{anchor}-{number}" if number else anchor)
    return found
