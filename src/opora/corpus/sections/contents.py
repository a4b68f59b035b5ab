"""Tables of contents: runs of lines that occur as headings once more further down."""

from __future__ import annotations

from collections.abc import Sequence

from opora.corpus.sections.forms import is_contents_heading, is_contents_line
from opora.corpus.sections.lines import TextLine
from opora.text.words import fold

MIN_RUN, MIN_REPEATED = 3, 0.6
"""Lines of a table of contents, and the share of them that must occur again."""
MAX_ENTRY, MAX_PLAIN_ENTRY = 250, 100
MIN_WORDS = 3
"""Words from which a number at the end of a line may be that of a page."""


def contents_lines(lines: Sequence[TextLine]) -> frozenset[int]:
    """Return the lines of tables of contents, which are no headings."""
    keys = [_key(line) for line in lines]
    last = {key: at for at, key in enumerate(keys) if key}
    contents = {at for at, line in enumerate(lines) if line.is_text and is_contents_line(line.text)}
    run: list[int] = []
    for at, line in enumerate([*lines, None]):
        if line is not None and keys[at] and (line.form is not None or is_contents_line(line.text)):
            run.append(at)
            continue
        if line is not None and run and _is_entry(line) and last.get(keys[at], 0) > at:
            run.append(at)
            continue
        contents.update(_contents_of(run, keys, last, lines))
        run = []
    return frozenset(contents)


def _is_entry(line: TextLine) -> bool:
    """Return True for an entry without a number."""
    return line.is_text and len(line.text) <= MAX_PLAIN_ENTRY and not line.text.rstrip().endswith((".", ";", ":"))


def _contents_of(
    run: Sequence[int], keys: Sequence[str], last: dict[str, int], lines: Sequence[TextLine]
) -> Sequence[int]:
    """Return the lines of a run up to the last one that occurs again below the run, if most do."""
    repeated = [at for at in run if last[keys[at]] > at]
    if len(repeated) < MIN_RUN:
        return ()
    entries = [at for at in run if repeated[0] <= at <= repeated[-1]]
    is_announced = run[0] > 0 and is_contents_heading(lines[run[0] - 1].text)
    enough = len(repeated) >= MIN_REPEATED * len(entries) or is_announced
    return entries if enough else ()


def _key(line: TextLine) -> str:
    """Return the letters and digits of a short line without the page number at its end; empty for other lines."""
    if not line.is_text or len(line.text) > MAX_ENTRY:
        return ""
    text = fold(line.text)
    if is_contents_line(text) or len(text.split()) > MIN_WORDS:
        text = text.rstrip("0123456789 .…_\t")
    return "".join(filter(str.isalnum, text))
