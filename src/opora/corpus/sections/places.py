"""Places that people cite: the article, clause, appendix or table in which a span of a document stands.

places = find_places("## Статья 3. Штраф\\n\\n1. Штраф взимается.\\n\\n2. Пени не взимаются.")
places.between(22, 42)          # ['article 3', 'clause 1']
"""

from __future__ import annotations

import functools
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from opora.corpus.blocks import FENCE, HEADING
from opora.corpus.sections.forms import has_verb, read_form
from opora.text.entities.place_names import place_names, place_number
from opora.text.words import fold

MAX_PLACES = 60
"""Number of places that a passage keeps."""
MAX_TITLE = 200
"""Longer headings are cut in the paths of passages."""
MAX_ACT = 80
"""Longer titles of laws and orders end with their number in the paths of passages."""
CLAUSES = ("clause", "part")
"""Kinds of numbered paragraphs."""
END = "end"
"""Kind of a mark that ends the clause above it: the name of an appendix."""
MAX_STEP = 5
"""Largest step from the number of a heading to that of a clause that closes it."""

_TABLE = re.compile(r"\s*(?:^[ \t]*\|.*$\n?)+", re.MULTILINE)
_ACT = re.compile(r"(?P<act>[^\W\d].{0,120}? (?P<word>[^\W\d]+) \d.{3,40}?\s(?:№|N)\s?\S+)(?= )")
"""`ПОСТАНОВЛЕНИЕ от 13 августа 2006 г. N 491`, before the subject of a title."""
_RAISED = r"(?:[¹²³⁴⁵⁶⁷⁸⁹]|\(\d{1,2}\))?"
CLAUSE_LINE = re.compile(
    r"[ \t]*(?:[-*+•][ \t]+)?\\?"
    rf"(?:(?P<dotted>\d{{1,3}}(?:\.\d{{1,3}}){{1,5}}{_RAISED})(?P<point>\.?)(?=[ \t]*\S)"
    rf"|(?P<number>\d{{1,3}}{_RAISED})\.(?=[ \t]+\S)"
    r"|(?P<inner>\d{1,3}|[^\W\d_](?:\(\d{1,2}\))?)\)(?=[ \t]+\S))"
)
"""`2.3. Text` or `2.3 Text`, `2. Text`, `2) text` or `б) text`; inserted ones are `2¹.` or `2(1).`."""


class Mark(NamedTuple):
    """A place that begins at the offset `start`, up to the next mark of its kind or the next heading."""

    start: int
    kind: str
    number: str

    @property
    def token(self) -> str:
        return f"{self.kind} {self.number}"


class Section(NamedTuple):
    """Text below a heading, from the offset of the heading; `tokens` are the places of its path of headings."""

    start: int
    tokens: tuple[str, ...]
    path: tuple[str, ...]


class Places(NamedTuple):
    """Sections and marks of a document, in text order; `table_ends`: start of a caption -> end of its table."""

    sections: tuple[Section, ...]
    marks: tuple[Mark, ...]
    table_ends: dict[int, int]
    closed: dict[int, int]
    """Start of a clause -> number of the headings above it that stay open: `7.3` closes `7.2` and `7.2.4`."""

    def between(self, start: int, end: int) -> list[str]:
        """Return the places in which the span lies or that begin in it, such as `article 3`, in text order."""
        starts = [section.start for section in self.sections]
        first = max(0, bisect_right(starts, start) - 1)
        last = max(first + 1, bisect_left(starts, end))
        tokens = [token for section in self.sections[first:last] for token in section.tokens]
        marks = self._marks_between(start, end, self.sections[first].start if self.sections else 0)
        return list(dict.fromkeys([*tokens, *(mark.token for mark in marks)]))[:MAX_PLACES]

    def clauses_between(self, start: int, end: int) -> list[str]:
        """Return the clauses in which the span lies or that begin in it, without those that are headings."""
        first = bisect_right([section.start for section in self.sections], start) - 1
        marks = self._marks_between(start, end, self.sections[max(0, first)].start)
        return list(dict.fromkeys(mark.token for mark in marks if mark.kind in CLAUSES))

    def _marks_between(self, start: int, end: int, section_start: int) -> list[Mark]:
        marks = self._open_marks(start, section_start)
        at = bisect_left(self.marks, (start,))
        marks += [mark for mark in self.marks[max(0, at - 1) : at] if self.table_ends.get(mark.start, 0) > start]
        marks += self.marks[at : bisect_left(self.marks, (end,))]
        return [mark for mark in marks if mark.kind != END]

    def clause_starts(self) -> frozenset[int]:
        """Return the offsets at which clauses and parts of articles begin."""
        return frozenset(mark.start for mark in self.marks if mark.kind in (*CLAUSES, END))

    def _open_marks(self, start: int, section_start: int) -> list[Mark]:
        """Return the clause and the subclause that began before `start` and are not over."""
        at = bisect_left(self.marks, (start,))
        begun = self.marks[at].kind if at < len(self.marks) and self.marks[at].start - start <= 1 else ""
        if begun and begun != "subclause":
            return []
        open_marks: list[Mark] = []
        for mark in reversed(self.marks[max(0, at - MAX_PLACES) : at]):
            if mark.start < section_start or mark.kind == END:
                break
            if mark.kind == "subclause" and not open_marks and not begun:
                open_marks.append(mark)
            if mark.kind in CLAUSES:
                return [mark, *open_marks]
        return []


@functools.lru_cache(maxsize=2)
def find_places(text: str) -> Places:
    """Return the places of a document in Markdown."""
    sections: list[Section] = [Section(0, (), ())]
    marks: list[Mark] = []
    table_ends: dict[int, int] = {}
    closed: dict[int, int] = {}
    path: list[tuple[int, str, tuple[str, ...]]] = []
    reader = _ClauseReader(_inner_kind(text))
    repaired = _inserted_articles(text)
    for start, line in text_lines(text):
        if heading := HEADING.match(line):
            level, title = len(heading[1]), heading[2]
            path = [entry for entry in path if entry[0] < level]
            path.append((level, title, repaired.get(start) or heading_places(title)))
            sections.append(_section(start, path))
            tokens = sections[-1].tokens
            reader.enter(in_article=any(token.startswith("article ") for token in tokens))
        elif caption := read_caption(line):
            marks.append(Mark(start, *caption))
            if table := _TABLE.match(text, start + len(line)):
                table_ends[start] = table.end()
        elif names_appendix(line):
            marks.append(Mark(start, END, ""))
        elif mark := reader.read(start, line):
            kept = _open_headings([tokens for _, _, tokens in path], mark)
            if kept < len(path):
                closed[mark.start], path = kept, path[:kept]
                sections.append(_section(mark.start, path))
            marks.append(mark)
    return Places(tuple(sections), tuple(marks), table_ends, closed)


def names_appendix(line: str) -> bool:
    """Return True for a line that names an appendix of a contract or order, such as `Приложение № 1 к договору`."""
    names = place_names()
    words = fold(line[:MAX_TITLE]).split()
    if len(words) < 2 or names.heading_kinds.get(words[0]) != "appendix" or len(line) >= MAX_TITLE:
        return False
    form = read_form(line)
    tail = fold(form.title).split() if form else []
    return bool(tail) and tail[0].strip("()") in names.appendix_tails and line[-1] not in ".;,:" and not has_verb(line)


def _section(start: int, path: Sequence[tuple[int, str, tuple[str, ...]]]) -> Section:
    tokens = dict.fromkeys(token for _, _, tokens in path for token in tokens)
    return Section(start, tuple(tokens), tuple(title for _, title, _ in path))


def _open_headings(path: Sequence[tuple[str, ...]], mark: Mark) -> int:
    """Return how many headings of a path a clause lies below: `7.3` and `7.3.1` do not lie below `7.2` or `7.2.4`."""
    number = mark.number.split(".")
    if mark.kind != "clause" or len(number) < 2:
        return len(path)
    for position, tokens in enumerate(path):
        heading = tokens[1].removeprefix("clause ").split(".") if len(tokens) == 2 else []
        pairs = list(zip(heading, number, strict=False))
        differs = next((at for at, (own, new) in enumerate(pairs) if own != new), 0)
        own, new = pairs[differs] if differs else ("", "")
        if own.isdecimal() and new.isdecimal() and 0 < int(new) - int(own) <= MAX_STEP:
            return position
    return len(path)


def heading_places(title: str) -> tuple[str, ...]:
    """Return the places that a heading is, such as `article 12.1`; a decimal number may be cited as a section too."""
    form = read_form(title)
    if form is None or not form.number:
        return ()
    if form.kind == "decimal":
        return (f"section {form.number}", f"clause {form.number}")
    if form.kind == "roman":
        return (f"section {form.number}",)
    return (f"{form.kind} {form.number}",)


def short_heading(title: str) -> str:
    """Return a heading for the path of a passage: `Приложение 2` without `к приказу ...`, others cut between words."""
    form = read_form(title)
    has_tail = form and form.kind == "appendix" and form.number and form.title[:1].islower()
    if form and has_tail and fold(form.title).split()[0] in place_names().appendix_tails:
        return title[: form.title_start].strip()
    numbered = _ACT.match(title) if len(title) > MAX_ACT and form is None else None
    if numbered and fold(numbered["word"]) in place_names().date_starts:
        return numbered["act"]
    if len(title) <= MAX_TITLE:
        return title
    return title[:MAX_TITLE].rsplit(" ", 1)[0].rstrip(" ,;:") + " …"


def read_caption(line: str) -> tuple[str, str] | None:
    """Return (kind, number) of the caption of a table or figure, such as `Таблица 2 — Нормы`."""
    match = _caption_pattern().match(line)
    if not match or len(line) > 2 * MAX_TITLE:
        return None
    number = place_number(match["number"])
    return (place_names().captions[fold(match["word"])], number) if number else None


def _inserted_articles(text: str) -> dict[int, tuple[str, ...]]:
    """Return offset of heading -> place, of articles such as 67¹ that are written as 671: 67 is above them, and 68 or
    another inserted one below."""
    articles = []
    for start, line in text_lines(text):
        heading = HEADING.match(line)
        places = heading_places(heading[2]) if heading else ()
        if places and places[0].startswith("article "):
            articles.append((start, places[0].removeprefix("article ")))
    repaired: dict[int, tuple[str, ...]] = {}
    last = ""
    for (start, number), (_, following) in pairwise([*articles, (0, "")]):
        is_longer = bool(last) and len(number) == len(last) + 1 and number.startswith(last)
        if is_longer and last.isdecimal() and following in (str(int(last) + 1), str(int(number) + 1)):
            repaired[start] = (f"article {last}.{number[len(last) :]}",)
        else:
            last = number
    return repaired


class _ClauseReader:
    """Reads the numbers at the beginnings of lines as clauses, parts of articles and subclauses."""

    def __init__(self, inner_kind: str) -> None:
        self._inner_kind = inner_kind
        self._in_article = False
        self._last = 0

    def enter(self, in_article: bool) -> None:
        """Begin a section."""
        self._in_article, self._last = in_article, 0

    def read(self, start: int, line: str) -> Mark | None:
        match = CLAUSE_LINE.match(line)
        if not match:
            return None
        begin = start + len(line) - len(line.lstrip())
        if match["dotted"]:
            rest = line[match.end() :].lstrip()
            is_spaced = line[match.end() : match.end() + 1] in (" ", "\t")
            is_clause = rest[:1].isalpha() if match["point"] else is_spaced and rest[:1].isupper()
            return Mark(begin, "clause", place_number(match["dotted"])) if is_clause else None
        if match["inner"]:
            return Mark(begin, "subclause", place_number(match["inner"]))
        number = place_number(match["number"])
        value = int(number.split(".")[0])
        # clauses of an order go on through its sections, so that any number may be the first
        if self._last and not (value == 1 or 0 <= value - self._last <= 5):
            return None
        self._last = value
        return Mark(begin, self._inner_kind if self._in_article else "clause", number)


def text_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield offset and text of lines outside code and tables."""
    offset, fence = 0, ""
    for line in text.splitlines(keepends=True):
        mark = FENCE.match(line)
        if fence:
            fence = "" if mark and mark[1].startswith(fence) else fence
        elif mark:
            fence = mark[1]
        elif line.strip() and not line.lstrip().startswith("|"):
            yield offset, line.rstrip()
        offset += len(line)


@functools.cache
def _caption_pattern() -> re.Pattern[str]:
    words = "|".join(sorted(map(re.escape, place_names().captions), key=len, reverse=True))
    return re.compile(
        rf"[ \t]*(?P<word>{words})\.?\s*(?:№|N)?\s*(?P<number>\d{{1,3}}(?:\.\d{{1,3}})*|[A-ZА-Я](?:\.\d{{1,3}})+)\.?"
        r"(?:\s*[—–:-]|\.?\s+[A-ZА-ЯЁ(«\"](?=.*[^.]$)|\.?\s*$)",
        re.IGNORECASE,
    )


def _inner_kind(text: str) -> str:
    """Return how the document calls the numbered paragraphs of its articles: by what it says of them itself."""
    patterns = place_names().inner_references
    counts = {kind: len(re.findall(pattern, text, re.IGNORECASE)) for kind, pattern in patterns.items()}
    return max(counts, key=counts.__getitem__) if any(counts.values()) else "clause"
