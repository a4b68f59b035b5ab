"""The documents of the benchmark as real archives hold them: the same text, in forms that parsers stumble over.

| form | file | what is hard in it |
|---|---|---|
| columns | PDF | two columns, words without space characters, divided words, changing running lines |
| shaded | PDF | a white rectangle behind every line, tables without rulings, a footer on the first page only |
| split | PDF | tables with few rulings that run over pages |
| numbered | DOCX | headings are bold paragraphs; Word numbers headings and lists by itself |
| web | HTML | menus, banners and links made of `div`, all of it in one form, headings that are bold paragraphs |
| wrapped | text | lines of 76 characters, justified with blanks; tables as aligned columns |
| scan | PDF | pictures of pages, a little askew |
| volume | PDF | the sixteen documents of a domain as chapters of one book with a table of contents |

    python benchset/hard.py build/hard [--forms columns,web]
"""

from __future__ import annotations

import argparse
import html
import io
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import render
from docx import Document as Word
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from fpdf import FPDF
from typeset import DATE, Style, Typesetter

HERE = Path(__file__).parent
BOOK = {
    "ru": {"scientific": "Научные отчёты", "technical": "Техническая документация", "financial": "Финансовый обзор"},
    "en": {"scientific": "Scientific reports", "technical": "Technical manuals", "financial": "Financial review"},
}
CONTENTS = {"ru": "Содержание", "en": "Contents"}
MENU = {
    "ru": ("Главная", "О нас", "Документы", "Новости", "Вакансии", "Закупки", "Контакты", "Карта сайта", "Войти"),
    "en": ("Home", "About us", "Documents", "News", "Jobs", "Procurement", "Contact", "Site map", "Sign in"),
}
RELATED = {
    "ru": ("Как нас найти", "Ответы на частые вопросы", "Подписка на рассылку", "Смотрите также архив за прошлый год"),
    "en": ("How to find us", "Frequently asked questions", "Subscribe to our letter", "See also last year's archive"),
}
WIDTH = 76
SCAN_DPI, SCAN_ANGLE = 200, 0.3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--forms", default=",".join(FORMS))
    arguments = parser.parse_args()
    for form in arguments.forms.split(","):
        count = sum(1 for _ in render_form(form, arguments.out / form))
        print(f"{form}: {count} files -> {arguments.out / form}")


def render_form(form: str, out: Path) -> Iterator[Path]:
    """Write every document in a form, or the volumes; yields the files."""
    for folder in sorted(path for path in (HERE / "documents").glob("*/*") if path.is_dir()):
        language, domain = folder.parent.name, folder.name
        texts = {path.stem: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.md"))}
        (out / language / domain).mkdir(parents=True, exist_ok=True)
        if form == "volume":
            files = {"volume.pdf": render_volume(list(texts.values()), language, domain)}
        else:
            suffix, renderer = FORMS[form]
            files = {f"{name}.{suffix}": renderer(text, language) for name, text in texts.items()}
        for name, data in files.items():
            (out / language / domain / name).write_bytes(data)
            yield out / language / domain / name


def typeset(style: Style) -> Callable[[str, str], bytes]:
    """Return a renderer that sets a document in a style."""

    def renderer(text: str, language: str) -> bytes:
        blocks = list(render.parse_markdown(text))
        setter = Typesetter(style, (render.ARCHIVE_WORD[language], blocks[0].rows[0][0]), language)
        setter.set_blocks(blocks)
        return setter.output()

    return renderer


def render_volume(texts: list[str], language: str, domain: str) -> bytes:
    """Return a book with a title page, a table of contents and one chapter a document."""
    chapters = [list(render.parse_markdown(text)) for text in texts]
    first_pages: list[int] = []
    for _ in range(2):  # the second pass knows the page numbers
        setter = Typesetter(Style(size=10.0), (BOOK[language][domain], BOOK[language][domain]), language)
        setter.title(BOOK[language][domain])
        setter.title(CONTENTS[language])
        for number, blocks in enumerate(chapters):
            page = str(first_pages[number]) if first_pages else "0"
            setter.place(iter([contents_line(setter, blocks[0].rows[0][0], page)]), 1.0)
        first_pages = []
        for blocks in chapters:
            first_pages.append(setter.pdf.page_no() + 1)
            setter.set_blocks(blocks)
    return setter.output()


def contents_line(setter: Typesetter, title: str, page: str) -> object:
    """Return a line of the table of contents: title, dots, page."""
    [strip, *_] = setter.lines(title)

    def draw(x: float, y: float) -> None:
        pdf = setter.pdf
        pdf.set_font("DejaVu", "", setter.style.size)
        short = title if pdf.get_string_width(title) < setter.width - 20 else f"{title[:60]}…"
        dots = int((setter.width - pdf.get_string_width(short) - 10) / pdf.get_string_width("."))
        pdf.text(x, y + 3.5, f"{short}{'.' * dots}{page}")

    return strip._replace(draw=draw)


def render_numbered(text: str, language: str) -> bytes:
    """Return a DOCX without heading styles, whose headings and lists are numbered by Word."""
    blocks = list(render.parse_markdown(text))
    word = Word()
    word.core_properties.title = ""
    word.core_properties.author = "user"
    word.core_properties.created = word.core_properties.modified = DATE.replace(tzinfo=None)
    word.sections[0].header.paragraphs[0].text = render.ARCHIVE_WORD[language]
    numbering = word.part.numbering_part.element
    lists = 0
    add_numbering(numbering, 700, "".join(level_xml(level, ".".join(f"%{n}" for n in range(1, level + 2)) + ".")
                                          for level in range(4)))  # fmt: skip
    for block in blocks:
        if block.kind == "heading":
            paragraph = word.add_paragraph()
            paragraph.add_run(block.rows[0][0]).bold = True
            if block.level == 1:
                paragraph.alignment = 1
            else:
                number_paragraph(paragraph, 700, block.level - 2)
        elif block.kind == "table":
            table = word.add_table(rows=0, cols=len(block.rows[0]), style="Table Grid")
            for row in block.rows:
                for cell, value in zip(table.add_row().cells, row, strict=True):
                    cell.text = value
        elif block.kind == "list":
            lists += 1
            add_numbering(numbering, 700 + lists, level_xml(0, "%1)" if block.ordered else "•", block.ordered))
            for [line] in block.rows:
                number_paragraph(word.add_paragraph(line), 700 + lists, 0)
        else:
            word.add_paragraph(block.rows[0][0])
    buffer = io.BytesIO()
    word.save(buffer)
    return render._with_fixed_times(buffer.getvalue())


def level_xml(level: int, text: str, ordered: bool = True) -> str:
    kind = "decimal" if ordered else "bullet"
    return (
        f'<w:lvl w:ilvl="{level}"><w:start w:val="1"/><w:numFmt w:val="{kind}"/>'
        f'<w:lvlText w:val="{text}"/><w:lvlJc w:val="left"/></w:lvl>'
    )


def add_numbering(numbering: object, number: int, levels: str) -> None:
    """Add a numbering definition and its instance; all abstract definitions have to stand before the instances."""
    abstract = parse_xml(
        f'<w:abstractNum {nsdecls("w")} w:abstractNumId="{number}">'
        f'<w:multiLevelType w:val="multilevel"/>{levels}</w:abstractNum>'
    )
    numbering.insert(0, abstract)
    numbering.append(parse_xml(f'<w:num {nsdecls("w")} w:numId="{number}"><w:abstractNumId w:val="{number}"/></w:num>'))


def number_paragraph(paragraph: object, number: int, level: int) -> None:
    properties = paragraph._p.get_or_add_pPr()
    properties.append(
        parse_xml(f'<w:numPr {nsdecls("w")}><w:ilvl w:val="{level}"/><w:numId w:val="{number}"/></w:numPr>')
    )


def render_web(text: str, language: str) -> bytes:
    """Return a page of an old content management system."""
    blocks = list(render.parse_markdown(text))
    title = html.escape(blocks[0].rows[0][0], quote=False)
    menu = "".join(f'<div class="item"><a href="/{n}">{name}</a></div>' for n, name in enumerate(MENU[language]))
    links = "".join(f'<div><a href="/r{n}">{name}</a></div>' for n, name in enumerate(RELATED[language]))
    body = "\n".join(web_block(block) for block in blocks[1:])
    return f"""<!DOCTYPE html>
<html><head><meta charset="utf-8"><title>{render.ARCHIVE_WORD[language]} — {MENU[language][2]}</title></head>
<body><form id="aspnetForm" method="post" action="./page.aspx">
<div id="top"><div class="logo">{render.ARCHIVE_WORD[language]}</div><div class="menu">{menu}</div></div>
<div class="cookie-bar">{render.COOKIES[language]} <a href="#">OK</a></div>
<div class="wrap"><div class="left"><div class="menu2">{menu}</div></div>
<div class="center"><div class="crumbs"><a href="/">{MENU[language][0]}</a> / <a href="/d">{MENU[language][2]}</a></div>
<div class="ttl">{title}</div>
<div class="txt">
{body}
</div>
<div class="related">{links}</div></div></div>
<div class="bottom">© 2026 {render.ARCHIVE_WORD[language]} <a href="/map">{MENU[language][7]}</a></div>
</form></body></html>
""".encode()


def web_block(block: render.Block) -> str:
    cells = [[html.escape(cell, quote=False) for cell in row] for row in block.rows]
    if block.kind == "heading":
        return f"<p><b>{cells[0][0]}</b></p>"
    if block.kind == "table":
        rows = "\n".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in cells)
        return f'<table border="1">\n{rows}\n</table>'
    if block.kind == "list":
        tag = "ol" if block.ordered else "ul"
        return f"<{tag}>" + "".join(f"<li>{line}" for [line] in cells) + f"</{tag}>"
    return f"{cells[0][0]}<br><br>"


def render_wrapped(text: str, language: str) -> bytes:
    """Return text with justified lines, in Windows-1251 if it is Russian."""
    lines: list[str] = []
    for block in render.parse_markdown(text):
        if block.kind == "heading":
            title = block.rows[0][0]
            lines += [part.center(WIDTH).rstrip() for part in wrap(title.upper() if block.level == 1 else title, WIDTH)]
        elif block.kind == "table":
            widths = [max(map(len, column)) for column in zip(*block.rows, strict=True)]
            lines += ["   ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in block.rows]
        elif block.kind == "list":
            for number, [line] in enumerate(block.rows, 1):
                mark = f"{number}) " if block.ordered else "- "
                lines += justified(mark + line, "    ")
        else:
            lines += justified(block.rows[0][0], "    ")
        lines.append("")
    result = "\r\n".join(lines)
    return result.encode("cp1251" if language == "ru" else "utf-8", errors="xmlcharrefreplace")


def wrap(text: str, width: int) -> list[str]:
    import textwrap

    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)


def justified(text: str, indent: str) -> list[str]:
    """Return the lines of a paragraph, all but the last filled up with blanks to the full width."""
    lines = wrap(indent + text, WIDTH)
    return [fill(line, indent if not number else "") for number, line in enumerate(lines[:-1])] + lines[-1:]


def fill(line: str, indent: str) -> str:
    words = line.split()
    missing = WIDTH - len(indent) - sum(map(len, words))
    gaps = len(words) - 1
    if gaps < 1 or missing > 3 * gaps:
        return line
    blanks = [" " * (missing // gaps + (number < missing % gaps)) for number in range(gaps)]
    return indent + "".join(word + blank for word, blank in zip(words, [*blanks, ""], strict=True))


def render_scan(text: str, language: str) -> bytes:
    """Return a PDF of pictures: the pages of the plain style, turned a little and with specks."""
    import pypdfium2
    from PIL import Image

    noise = random.Random(len(text))
    document = pypdfium2.PdfDocument(typeset(Style(size=11.0))(text, language))
    scan = FPDF(format="A4")
    scan.set_creation_date(DATE)
    for page in document:
        picture = page.render(scale=SCAN_DPI / 72, grayscale=True).to_pil()
        picture = picture.rotate(SCAN_ANGLE, resample=Image.Resampling.BICUBIC, fillcolor=255)
        for _ in range(400):
            picture.putpixel((noise.randrange(picture.width), noise.randrange(picture.height)), noise.randrange(160))
        scan.add_page()
        scan.image(picture, 0, 0, 210, 297)
    return bytes(scan.output())


FORMS: dict[str, tuple[str, Callable[[str, str], bytes]]] = {
    "columns": ("pdf", typeset(Style(columns=2, size=9.0, divide_words=True))),
    "shaded": ("pdf", typeset(Style(white_fills=True, tables="borderless"))),
    "split": ("pdf", typeset(Style(size=12.5, tables="sparse"))),
    "numbered": ("docx", render_numbered),
    "web": ("html", render_web),
    "wrapped": ("txt", render_wrapped),
    "scan": ("pdf", render_scan),
    "volume": ("pdf", render_scan),  # rendered by `render_volume`
}
"""Form -> (suffix, renderer)."""

if __name__ == "__main__":
    main()
