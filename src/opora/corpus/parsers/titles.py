"""Choice of the title of a document.

Documents state titles that printer drivers, templates and programs put there. So a title that a document states counts
first if its text bears it out, else after the headings of its first page.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from pathlib import PurePath

from opora.corpus.blocks import Block, one_line
from opora.corpus.sections.places import heading_places
from opora.text.lexicon import lexicon
from opora.text.resources import language_lines, languages
from opora.text.words import fold, folded_words

MAX_TITLE = 200
"""Longer titles are cut between words."""
FIRST_BLOCKS, FIRST_LINES = 30, 3
"""Numbers of blocks whose headings, and of lines that, may be the title."""
MAX_LINE = 90
SUPPORT_CHARS = 5000
MIN_SUPPORT = 0.6
"""Minimum share of the words of a stated title that the beginning of the text holds."""
_PROGRAM = re.compile(r"^(?:Microsoft (?:Word|PowerPoint|Excel|Office Word)|Print|Печать) - ", re.IGNORECASE)
_FILE = re.compile(
    r"\.(?:docx?|dotx?|rtf|odt|pdf|xlsx?|pptx?|html?|mht|txt|md|csv|indd|qxd|cdr|p65|pmd|tex|dvi|ps|eps|exe|tmp|wpd|fm|pub)"
    r"(?= \d+$|$)",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"(?:\d{1,3}(?:\.\d{1,3})*[.)]|\d{1,3}(?:\.\d{1,3})+|[IVXLC]{1,5}[.)])\s")
_LETTERS = re.compile(r"[^\W\d_]+")
_ADDRESS = re.compile(r"https?://|www\.|\S@\S+\.\w")
_SEPARATORS = re.compile(r"[\s_.\-]+")


def rank_titles(titles: Sequence[str], blocks: Sequence[Block], name: str) -> list[str]:
    """Return the possible titles of a document, best first; none that is the name of the file `name`, or of a part."""
    fit = [title for title in map(_strip_program, map(one_line, titles)) if _is_fit(title, name)]
    fit = [title for title in fit if not _NUMBERED.match(title)]
    sections = [title for title in fit if heading_places(title)]
    stated = [title for title in fit if title not in sections]
    beginning = set(folded_words(" ".join(block.text for block in blocks[:FIRST_BLOCKS])[:SUPPORT_CHARS]))
    supported = [title for title in stated if _support(title, beginning) >= MIN_SUPPORT]
    headings = [title for title in map(one_line, _first_headings(blocks)) if _is_fit(title, name)]
    # a single word that stands nowhere in the text is the name of a template
    unsupported = [title for title in stated if len(title.split()) > 1]
    lines = [title for title in map(one_line, _first_lines(blocks)) if _is_fit(title, name)]
    ranking = [*supported, *headings, *sections, *unsupported, *lines, *stated]
    return list(dict.fromkeys(map(_cut, ranking)))


def _strip_program(title: str) -> str:
    """Return a title without the words that printer drivers put around it, `Microsoft Word - Annual report.doc`, and
    without the dash of a list."""
    title = title.lstrip("-–—•* ")
    match = _PROGRAM.match(title)
    if match is None:
        return title
    rest = _FILE.sub("", title[match.end() :]).strip()
    return rest if " " in rest else title


def _first_headings(blocks: Sequence[Block]) -> Iterator[str]:
    """Yield the headings of the first page above its first numbered section, article or chapter."""
    for block in blocks[:FIRST_BLOCKS]:
        is_section = block.kind == "heading" and (_NUMBERED.match(block.text) or heading_places(block.text))
        if is_section or block.page > max(1, blocks[0].page):
            return
        if block.kind == "heading":
            yield block.text


def _first_lines(blocks: Sequence[Block]) -> Iterator[str]:
    """Yield the first lines that are short, but no sentences."""
    for block in blocks[:FIRST_LINES]:
        text = block.text.strip()
        is_line = block.kind == "paragraph" and "\n" not in text and len(text) <= MAX_LINE and len(text.split()) > 1
        if is_line and text[-1] not in ".:;,!" and not text[0].islower() and not _NUMBERED.match(text):
            yield text


def _is_fit(title: str, name: str) -> bool:
    """Return true if a title may name a document."""
    letters = "".join(_LETTERS.findall(title))
    if len(letters) < 3 or "\ufffd" in title or _PROGRAM.match(title) or _ADDRESS.search(title):
        return False
    if _FILE.search(title) or _same_name(title, name) or _is_identifier(title) or _is_date(title):
        return False
    return not any(pattern.fullmatch(_plain(title)) for pattern in _unfit_patterns())


def _plain(title: str) -> str:
    """Return a title in lower case, without numbers and punctuation around it."""
    return re.sub(r"^[\W\d_]+|[\W\d_]+$", "", fold(title))


def _same_name(title: str, name: str) -> bool:
    stem = _SEPARATORS.sub(" ", PurePath(name).stem).strip().casefold()
    return _SEPARATORS.sub(" ", title).strip().casefold() == stem


def _is_identifier(title: str) -> bool:
    """Return true for codes such as `wmk_Current_Folio_10K`."""
    if " " in title:
        return False
    digits = sum(map(str.isdigit, title))
    return "_" in title or digits > len(title) // 2 or (digits > 0 and max(map(len, _LETTERS.findall(title))) < 4)


def _is_date(title: str) -> bool:
    """Return true for dates, times and page numbers."""
    months = frozenset(word for code in languages() for word in lexicon(code).months)
    longer = [word for word in _LETTERS.findall(fold(title)) if len(word) >= 3]
    return any(map(str.isdigit, title)) and all(word in months for word in longer)


def _support(title: str, beginning: set[str]) -> float:
    title_words = [word for word in folded_words(title) if len(word) >= 3]
    return sum(word in beginning for word in title_words) / len(title_words) if title_words else 0.0


def _cut(title: str) -> str:
    if len(title) <= MAX_TITLE:
        return title
    head = title[:MAX_TITLE].rsplit(" ", 1)[0].rstrip(" ,;:–—-(")
    return f"{head}…"


@functools.cache
def _unfit_patterns() -> tuple[re.Pattern[str], ...]:
    lines = (line for code in languages() for line in language_lines(code, "unfit_titles.txt"))
    return tuple(map(re.compile, lines))
