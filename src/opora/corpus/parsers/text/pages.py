"""Pages of printed text: form feeds, numbers of pages, running headers and footers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

EDGE_LINES = 3
"""Lines at the top and the bottom of a page that a running header or footer may take."""
MIN_REPEATED = 0.6
"""Minimum share of pages that a running header stands on."""
_NUMBER_LINE = re.compile(r"[\W_]*(?:[^\W\d_]{1,8}\.?\s*)?(\d{1,4})(?:\s*(?:/|[^\W\d_]{2,3})\s*\d{1,4})?[\W_]*")
"""`12`, `- 12 -`, `Page 12`, `стр. 12 из 40`."""
_PLAIN_NUMBER = re.compile(r"\s*[-–—]?\s*(\d{1,4})\s*[-–—]?\s*")
_DIGITS = re.compile(r"\d+")


def split_pages(text: str) -> list[list[str]]:
    """Return the lines of each page, without the marks of printing. Text without form feeds is one page."""
    pages = [page.split("\n") for page in text.rstrip("\f").split("\f")]
    if len(pages) == 1:
        return [_without_number_lines(pages[0])]
    if len(pages) > 2:
        for is_top in (True, False):
            _remove_running(pages, is_top)
    return pages


def _edges(lines: Sequence[str], is_top: bool) -> list[int]:
    """Return the indices of the outermost lines that are not blank, from the outside in; one on short pages."""
    filled = [index for index, line in enumerate(lines) if line.strip()]
    if len(filled) < 3 * EDGE_LINES:
        return filled[:1] if is_top else filled[-1:]
    return filled[:EDGE_LINES] if is_top else filled[-EDGE_LINES:][::-1]


def _remove_running(pages: Sequence[list[str]], is_top: bool) -> None:
    """Blank the lines that repeat at the same edge of most pages; their digits may differ."""
    forms: Counter[str] = Counter()
    for page in pages:
        forms.update({_DIGITS.sub("0", " ".join(page[index].split())) for index in _edges(page, is_top)})
    repeated = {form for form, count in forms.items() if count >= max(2, MIN_REPEATED * len(pages))}
    for number, page in enumerate(pages, 1):
        for index in _edges(page, is_top):
            match = _NUMBER_LINE.fullmatch(page[index])
            is_number = match is not None and abs(int(match[1]) - number) <= 1
            if not is_number and _DIGITS.sub("0", " ".join(page[index].split())) not in repeated:
                break
            page[index] = ""


def _without_number_lines(lines: list[str]) -> list[str]:
    """Blank the numbers of pages: alone between blank lines, each one more than the last."""
    numbers: list[tuple[int, int]] = []
    for index, line in enumerate(lines):
        match = _PLAIN_NUMBER.fullmatch(line)
        around = lines[max(0, index - 1) : index] + lines[index + 1 : index + 2]
        if match and not any(map(str.strip, around)):
            numbers.append((index, int(match[1])))
    runs: list[list[tuple[int, int]]] = []
    for index, number in numbers:
        if runs and number == runs[-1][-1][1] + 1 and index - runs[-1][-1][0] >= 20:
            runs[-1].append((index, number))
        else:
            runs.append([(index, number)])
    removed = {index for run in runs if len(run) >= 3 for index, _ in run}
    return ["" if index in removed else line for index, line in enumerate(lines)]
