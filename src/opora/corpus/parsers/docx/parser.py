"""Parser of DOCX: all that a reader of Word sees, in order, with automatic numbers and notes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from opora.corpus.blocks import Block
from opora.corpus.parsers.base import ParseContext, ParseError, Reading
from opora.corpus.parsers.docx.code import join_code
from opora.corpus.parsers.docx.formatting.numbering import ListNumbering
from opora.corpus.parsers.docx.formatting.styles import StyleTable
from opora.corpus.parsers.docx.headings import StoryPiece, first_lines, mark_by_look
from opora.corpus.parsers.docx.markup import REMOVED, TYPE, chosen, is_on, name
from opora.corpus.parsers.docx.notes import Notes
from opora.corpus.parsers.docx.package import Package
from opora.corpus.parsers.docx.story import Sources, Story
from opora.corpus.parsers.elements.facts import read_facts
from opora.corpus.parsers.elements.numbers import BULLET
from opora.corpus.parsers.storage.xml import Element

MAX_LETTER = 3_000
"""Maximum length of a text whose page header is a letterhead rather than a running header, in characters."""
_BODY, _PARAGRAPH, _RUN, _HIDDEN = map(name, ("w:body", "w:p", "w:r", "w:vanish"))
_TEXTS = frozenset(map(name, ("w:t", "m:t")))
_SPACES = frozenset(map(name, ("w:tab", "w:br", "w:cr")))
_SECTION, _TITLE_PAGE, _HEADER = map(name, ("w:sectPr", "w:titlePg", "w:headerReference"))
_REFERENCE = name("r:id")


def parse(data: bytes, context: ParseContext) -> Reading:
    """Parse a DOCX. Raises ParseError if the bytes are not a DOCX."""
    package = Package(data)
    root = package.xml(package.main)
    body = None if root is None else next(root.iter(_BODY), None)
    if root is None or body is None:
        raise ParseError("corrupt", package.damaged.get(package.main, "no body in the main document")[:200])
    styles = StyleTable(_first(package, "styles"))
    sources = Sources(
        context, package, styles, ListNumbering(_first(package, "numbering"), styles), Notes(package, root)
    )
    notes = sources.notes.elements(context.settings.comments)
    pieces = join_code(list(Story(sources, package.main, body).pieces()))
    letterhead = list(_letterhead(root, sources, pieces))
    roots = map(package.xml, package.related("", "core-properties"))
    facts = read_facts(child for root in roots if root is not None for child in root)
    return Reading(
        [*letterhead, *nest_items(mark_by_look(pieces))],
        titles=[facts.title, " ".join(sources.titles), first_lines(pieces)],
        source_text="\n".join(_source_text(element, sources.listings) for element in (body, *notes)),
        metadata=facts.metadata,
        suspicions=package.suspicions(),
        parts=sources.parts,
    )


def nest_items(pieces: Iterable[StoryPiece]) -> list[Block]:
    """Return the blocks of the pieces, with the depth of items counted from the outermost item of their list.

    Bullets below a number may have a list of their own; they belong to the number if their level or indent is larger.
    """
    nested: list[Block] = []
    numbers: list[int] = []
    bullets: list[int] = []
    base = indent = 0
    for block, look, _ in pieces:
        if block.kind == "item":
            is_bullet = block.mark == BULLET
            if not is_bullet:
                bullets.clear()
                indent = look.indent if look else 0
            elif not bullets:
                is_inner = bool(numbers) and (block.level > numbers[-1] or (look is not None and look.indent > indent))
                base = len(numbers) if is_inner else max(0, len(numbers) - 1)
            levels = bullets if is_bullet else numbers
            levels[:] = [level for level in levels if level < block.level] + [block.level]
            block = block._replace(level=(base if is_bullet else 0) + len(levels) - 1)
        elif block.kind != "note":
            numbers.clear()
            bullets.clear()
        nested.append(block)
    return nested


def _first(package: Package, kind: str) -> Element | None:
    """Return the root of the part of a kind that the main document refers to."""
    return next((root for part in package.related(package.main, kind) if (root := package.xml(part)) is not None), None)


def _letterhead(root: Element, sources: Sources, pieces: Sequence[StoryPiece]) -> Iterator[Block]:
    """Yield the header of the first page if it is a letterhead.

    That is a header of this page only, or one of a short letter that gives a number, as addresses and telephones do.
    """
    section = next(root.iter(_SECTION), None)
    if section is None:
        return
    headers = {reference.get(TYPE): reference.get(_REFERENCE, "") for reference in section.findall(_HEADER)}
    is_short = sum(len(piece.block.text) for piece in pieces) <= MAX_LETTER
    kind = "first" if is_on(section, _TITLE_PAGE) else "default" if is_short else ""
    link = sources.package.relationships(sources.package.main).get(headers.get(kind, ""))
    header = sources.package.xml(link.target) if link else None
    if link is None or header is None:
        return
    shown = {piece.block.text for piece in pieces}
    blocks = [piece.block for piece in Story(sources, link.target, header).pieces()]
    if kind == "first" or any(char.isdigit() for block in blocks for char in block.text):
        for block in blocks:
            if block.text not in shown and any(map(str.isalpha, block.text)):
                yield block._replace(kind="paragraph") if block.kind == "heading" else block


def _source_text(root: Element, left_out: Iterable[Element]) -> str:
    """Return all text of an element that is neither deleted nor hidden, without tables of contents."""
    pieces: list[str] = []
    skipped = frozenset(left_out)

    def visit(element: Element) -> None:
        for child in chosen(element):
            if child.tag in _TEXTS:
                pieces.append(child.text or "")
            elif child.tag in _SPACES:
                pieces.append(" ")
            elif child.tag in REMOVED or child in skipped or (child.tag == _RUN and _is_hidden(child)):
                continue
            elif len(child):
                visit(child)
            if child.tag == _PARAGRAPH:
                pieces.append("\n")

    visit(root)
    return "".join(pieces)


def _is_hidden(run: Element) -> bool:
    return is_on(run.find(name("w:rPr")), _HIDDEN)
