"""Sentences that go on in the lines below: offences above their penalties, lists below a colon.

whole_lines("Riding without a ticket -\n\nis fined 10 EUR.\n")    # one line, with the blank line inside
list_end("Bring:\n- water;\n- bread.\nRest.", 0, 6)               # 24, the end of "bread."
"""

from __future__ import annotations

import re
from collections.abc import Iterator

MAX_LIST_CHARS = 800
"""Maximum length of a sentence with the list that it introduces."""
_GOES_ON = re.compile(r"[^|]*\s[-–—](?:\s*\([^()]*\))?\s*")
"""A line that ends with a dash, or with the source of an amendment behind the dash."""
_MARK = re.compile(r"\s*(?:[-*+•–—]|[^\W_]{1,3}[.)])\s")


def whole_lines(text: str) -> Iterator[str]:
    """Yield the lines of a text, with their ends; lines of one sentence that a dash divides are one."""
    whole = ""
    for line in text.splitlines(keepends=True):
        is_blank = not line.strip()
        if whole and not is_blank and not (line.lstrip()[0].islower() and _GOES_ON.fullmatch(whole.rstrip())):
            yield whole
            whole = ""
        whole += line
    if whole:
        yield whole


def list_end(text: str, start: int, end: int) -> int:
    """Return the end of the sentence `text[start:end]` with the items of the list that its colon introduces, as many
    as there is room for; `end` for any other sentence."""
    if not text[start:end].endswith(":"):
        return end
    offset, is_last = end, False
    for line in text[end:].splitlines(keepends=True):
        item, stop = line.strip(), offset + len(line.rstrip())
        offset += len(line)
        if not item:
            continue
        has_mark = _MARK.match(line) is not None
        if is_last or not (has_mark or item[0].islower()) or stop - start > MAX_LIST_CHARS:
            break
        end, is_last = stop, item[-1] == "." and not has_mark
    return end
