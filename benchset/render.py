"""Render the benchmark set: Markdown in, the PDF, DOCX, HTML and Markdown files that opora carries out, and questions.

In: `benchset/documents/{ru,en}/{domain}/{slug}.md` and `benchset/questions.{ru,en}.{domain}.{split}.jsonl`, written by
hand.
Out: `src/opora/projects/benchmark/documents/{ru,en}/{domain}/{slug}.{pdf,docx,html,md}`, the format by the order of the
slug in its domain, `src/opora/projects/benchmark/questions.{ru,en}.jsonl`, the second annotators' answers. The same
input gives the same bytes.

    python benchset/render.py
"""

from __future__ import annotations

import html
import io
import itertools
import re
import shutil
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from docx import Document as Word
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from fpdf import FPDF
from fpdf.enums import TableBordersLayout, XPos, YPos
from fpdf.fonts import FontFace

HERE = Path(__file__).parent
OUT = HERE.parent / "src" / "opora" / "projects" / "benchmark"
DOMAINS = ("scientific", "technical", "financial")
SPLITS = ("train", "test")
DATE = datetime(2026, 11, 1, tzinfo=UTC)
PAGE_WORD = {"ru": "Страница", "en": "Page"}
ARCHIVE_WORD = {"ru": "Рабочий архив", "en": "Working archive"}
NAVIGATION = {"ru": ("Главная", "Архив", "Поиск по сайту"), "en": ("Home", "Archive", "Search this site")}
COOKIES = {
    "ru": "Сайт использует файлы cookie. Оставаясь на странице, вы соглашаетесь с этим.",
    "en": "This site uses cookies. By staying on the page you agree to that.",
}


class Block(NamedTuple):
    """`kind` is heading, paragraph, list or table; `rows` holds text lines, list items or cells."""

    kind: str
    rows: list[list[str]]
    level: int = 0
    ordered: bool = False


def main() -> None:
    shutil.rmtree(OUT / "documents", ignore_errors=True)
    count = sum(1 for _ in render_documents(HERE / "documents", OUT / "documents"))
    questions = merge_questions(HERE, OUT)
    annotators = (HERE / f"second-annotator.{domain}.jsonl" for domain in DOMAINS)
    (OUT / "second-annotator.jsonl").write_text("".join(each.read_text(encoding="utf-8") for each in annotators))
    print(f"{count} documents, {questions} questions -> {OUT}")


def render_documents(source: Path, out: Path) -> Iterator[Path]:
    """Write every document in the format that its place in the domain gives it; yields the files."""
    renderers: list[tuple[str, Callable[[str, str], bytes]]] = [
        ("pdf", render_pdf),
        ("docx", render_docx),
        ("html", render_html),
        ("md", lambda text, _: text.encode()),
    ]
    for folder in sorted(each for each in source.glob("*/*") if each.is_dir()):
        for number, path in enumerate(sorted(folder.glob("*.md"))):
            suffix, render = renderers[number % len(renderers)]
            target = (out / path.relative_to(source)).with_suffix(f".{suffix}")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(render(path.read_text(encoding="utf-8"), folder.parent.name))
            yield target


def merge_questions(source: Path, out: Path) -> int:
    """Join the questions of all domains, a file a language; returns how many there are."""
    count = 0
    for language in ("en", "ru"):
        files = [source / f"questions.{language}.{domain}.{split}.jsonl" for domain in DOMAINS for split in SPLITS]
        lines = [line for path in files if path.exists() for line in path.read_text(encoding="utf-8").splitlines()]
        out.mkdir(parents=True, exist_ok=True)
        (out / f"questions.{language}.jsonl").write_text("".join(f"{line}\n" for line in lines if line.strip()))
        count += len(lines)
    return count


def parse_markdown(text: str) -> Iterator[Block]:
    """Blocks of the plain subset that the sample is written in: headings, one-line paragraphs, lists, pipe tables."""
    for kind, group in itertools.groupby(filter(str.strip, text.splitlines()), key=kind_of_line):
        lines = [line.strip() for line in group]
        if kind == "table":
            cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
            yield Block("table", [row for row in cells if not all(re.fullmatch(r":?-+:?", cell) for cell in row)])
        elif kind in ("list", "ordered list"):
            items = [[re.sub(r"^(-|\d+\.) ", "", line)] for line in lines]
            yield Block("list", items, ordered=kind == "ordered list")
        elif kind == "heading":
            for line in lines:
                marks, _, title = line.partition(" ")
                yield Block("heading", [[title]], level=len(marks))
        else:
            for line in lines:
                yield Block("paragraph", [[line]])


def kind_of_line(line: str) -> str:
    if line.startswith("#"):
        return "heading"
    if line.startswith("|"):
        return "table"
    if line.startswith("- "):
        return "list"
    return "ordered list" if re.match(r"\d+\. ", line) else "paragraph"


class Pdf(FPDF):
    """A4 with a running header and numbered pages."""

    def __init__(self, title: str, language: str) -> None:
        from matplotlib import get_data_path

        super().__init__(format="A4")
        self.title_text, self.language = title, language
        fonts = Path(get_data_path()) / "fonts" / "ttf"
        self.add_font("DejaVu", "", fonts / "DejaVuSans.ttf")
        self.add_font("DejaVu", "B", fonts / "DejaVuSans-Bold.ttf")
        self.set_title(title)
        self.set_lang(language)
        self.set_creation_date(DATE)
        self.set_margins(25, 25)
        self.set_auto_page_break(True, 25)

    def header(self) -> None:
        self.set_font("DejaVu", "", 8)
        self.set_y(12)
        self.cell(0, 5, f"{ARCHIVE_WORD[self.language]} · {self.title_text}", border="B")
        self.set_y(25)

    def footer(self) -> None:
        self.set_y(-15)
        self.set_font("DejaVu", "", 8)
        self.cell(0, 5, f"{PAGE_WORD[self.language]} {self.page_no()}", align="C")


def render_pdf(text: str, language: str) -> bytes:
    blocks = list(parse_markdown(text))
    pdf = Pdf(blocks[0].rows[0][0], language)
    pdf.add_page()
    for block in blocks:
        if block.kind == "heading":
            _pdf_heading(pdf, block)
        elif block.kind == "table":
            _pdf_table(pdf, block)
        else:
            _pdf_text(pdf, block)
    return bytes(pdf.output())


def _pdf_heading(pdf: Pdf, block: Block) -> None:
    size = {1: 18, 2: 14}.get(block.level, 12)
    if pdf.get_y() > pdf.h - 60:  # a heading stays with what it heads
        pdf.add_page()
    pdf.set_font("DejaVu", "B", size)
    pdf.ln(3)
    pdf.multi_cell(0, size * 0.5, block.rows[0][0], align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    pdf.ln(2)


def _pdf_text(pdf: Pdf, block: Block) -> None:
    pdf.set_font("DejaVu", "", 11)
    for number, [line] in enumerate(block.rows, 1):
        if block.kind == "list":
            pdf.set_x(pdf.l_margin + 3)
            pdf.cell(8, 6, f"{number}." if block.ordered else "•")
        pdf.multi_cell(0, 6, line, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    pdf.ln(3)


def _pdf_table(pdf: Pdf, block: Block) -> None:
    pdf.set_font("DejaVu", "", 9)
    pdf.ln(1)
    heads = FontFace(emphasis="BOLD", fill_color=(225, 225, 225))
    with pdf.table(
        borders_layout=TableBordersLayout.ALL,
        headings_style=heads,
        line_height=5,
        text_align="LEFT",
        padding=1,
        col_widths=_column_widths(pdf, block.rows),
    ) as table:
        for row in block.rows:
            table.row(row)
    pdf.ln(4)


def _column_widths(pdf: Pdf, rows: list[list[str]]) -> list[float]:
    """Shares of the width: enough for the longest word of each column, the rest by the longest cell."""
    pdf.set_font("DejaVu", "B", 9)
    columns = list(zip(*rows, strict=True))
    words = [[word for cell in column for word in cell.split() or [""]] for column in columns]
    least = [max(map(pdf.get_string_width, each)) + 4 for each in words]
    full = [max(map(pdf.get_string_width, column)) + 4 for column in columns]
    pdf.set_font("DejaVu", "", 9)
    spare = pdf.epw - sum(least)
    wanted = sum(more - enough for more, enough in zip(full, least, strict=True)) or 1.0
    if spare < 0:
        raise ValueError(f"a table is too wide for a page: {rows[0]}")
    return [enough + spare * (more - enough) / wanted for more, enough in zip(full, least, strict=True)]


def render_docx(text: str, language: str) -> bytes:
    blocks = list(parse_markdown(text))
    word = Word()
    word.core_properties.title = blocks[0].rows[0][0]
    word.core_properties.language = language
    word.core_properties.author = "opora"
    word.core_properties.created = word.core_properties.modified = DATE.replace(tzinfo=None)
    word.sections[0].header.paragraphs[0].text = ARCHIVE_WORD[language]
    for block in blocks:
        if block.kind == "heading":
            word.add_heading(block.rows[0][0], level=block.level)
        elif block.kind == "table":
            _docx_table(word, block)
        else:
            listed = "List Number" if block.ordered else "List Bullet"
            for [line] in block.rows:
                word.add_paragraph(line, style=listed if block.kind == "list" else None)
    buffer = io.BytesIO()
    word.save(buffer)
    return _with_fixed_times(buffer.getvalue())


def _docx_table(word: Word, block: Block) -> None:
    table = word.add_table(rows=0, cols=len(block.rows[0]), style="Table Grid")
    for number, row in enumerate(block.rows):
        cells = table.add_row().cells
        for cell, value in zip(cells, row, strict=True):
            run = cell.paragraphs[0].add_run(value)
            run.bold = number == 0
    head = OxmlElement("w:tblHeader")
    head.set(qn("w:val"), "true")
    table.rows[0]._tr.get_or_add_trPr().append(head)


def _with_fixed_times(data: bytes) -> bytes:
    """The same zip with every member dated alike, so that two runs give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            member = zipfile.ZipInfo(name, DATE.timetuple()[:6])
            member.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(member, old.read(name))
    return buffer.getvalue()


def render_html(text: str, language: str) -> bytes:
    blocks = list(parse_markdown(text))
    title = html.escape(blocks[0].rows[0][0], quote=False)
    links = "".join(f'<li><a href="#{n}">{name}</a></li>' for n, name in enumerate(NAVIGATION[language]))
    body = "\n".join(_html_block(block) for block in blocks)
    return f"""<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<title>{title}</title>
<style>body {{ font-family: sans-serif }} .menu {{ float: left }}</style>
<script>var counter = {{"page": "{title}", "visits": 1204}};</script>
</head>
<body>
<header><div class="logo">{ARCHIVE_WORD[language]}</div></header>
<nav class="menu"><ul>{links}</ul></nav>
<main>
<article>
{body}
</article>
</main>
<aside><p>{COOKIES[language]}</p></aside>
<footer><p>© 2026 {ARCHIVE_WORD[language]}</p></footer>
<script>document.querySelectorAll("a").forEach(a => a.rel = "noopener");</script>
</body>
</html>
""".encode()


def _html_block(block: Block) -> str:
    cells = [[html.escape(cell, quote=False) for cell in row] for row in block.rows]
    if block.kind == "heading":
        return f"<h{block.level}>{cells[0][0]}</h{block.level}>"
    if block.kind == "paragraph":
        return f"<p>{cells[0][0]}</p>"
    if block.kind == "list":
        tag = "ol" if block.ordered else "ul"
        return f"<{tag}>\n" + "\n".join(f"<li>{line}</li>" for [line] in cells) + f"\n</{tag}>"
    head = "".join(f"<th>{cell}</th>" for cell in cells[0])
    rows = "\n".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in cells[1:])
    return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table>"


if __name__ == "__main__":
    main()
