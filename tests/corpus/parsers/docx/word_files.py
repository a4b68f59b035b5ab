"""Writers of small DOCX files from pieces of XML, and their readers."""

import io
import re
import zipfile

from opora.corpus.blocks import write_markdown
from opora.corpus.parsers.base import ParseContext, Part, Reading
from opora.corpus.parsers.docx.parser import parse
from opora.corpus.settings import ParseSettings

OFFICE = "http://schemas.openxmlformats.org"
NAMESPACES = (
    f'xmlns:w="{OFFICE}/wordprocessingml/2006/main" xmlns:r="{OFFICE}/officeDocument/2006/relationships" '
    f'xmlns:m="{OFFICE}/officeDocument/2006/math" xmlns:a="{OFFICE}/drawingml/2006/main" '
    f'xmlns:wp="{OFFICE}/drawingml/2006/wordprocessingDrawing" xmlns:c="{OFFICE}/drawingml/2006/chart" '
    f'xmlns:dgm="{OFFICE}/drawingml/2006/diagram" xmlns:mc="{OFFICE}/markup-compatibility/2006" '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" '
    'xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office"'
)
ROOTS = {"footnotes": "footnotes", "endnotes": "endnotes", "comments": "comments", "numbering": "numbering",
         "styles": "styles", "settings": "settings", "header": "hdr"}  # fmt: skip


def paragraph(text, properties=""):
    """A paragraph; `text` may be runs. `properties` are elements of `w:pPr`, such as `<w:keepNext/>`."""
    runs = text if text.startswith("<") else f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r>'
    return f"<w:p><w:pPr>{properties}</w:pPr>{runs}</w:p>"


def numbered(text, level=0, num=1, properties=""):
    numbering = f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{num}"/></w:numPr>'
    return paragraph(text, numbering + properties)


def level(index, number_format, text, start=1, more=""):
    return (
        f'<w:lvl w:ilvl="{index}"><w:start w:val="{start}"/><w:numFmt w:val="{number_format}"/>{more}'
        f'<w:lvlText w:val="{text}"/></w:lvl>'
    )


def numbering(levels, overrides=""):
    """A definition with its list 1, and a list 2 with overrides."""
    return (
        f'<w:abstractNum w:abstractNumId="0">{levels}</w:abstractNum>'
        '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>'
        f'<w:num w:numId="2"><w:abstractNumId w:val="0"/>{overrides}</w:num>'
    )


def table(*rows):
    """A table of rows of cells; a cell is text or whole `w:tc` elements."""
    cells = [
        "".join(cell if cell.startswith("<w:tc") else f"<w:tc>{paragraph(cell)}</w:tc>" for cell in row) for row in rows
    ]
    return f"<w:tbl>{''.join(f'<w:tr>{row}</w:tr>' for row in cells)}</w:tbl>"


def write(body, files=(), main="word/document.xml", **parts):
    """Return a DOCX with a body and parts such as `footnotes`, each the content of its root element."""
    links = ""
    with zipfile.ZipFile(stream := io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr(
            "_rels/.rels",
            f'<Relationships><Relationship Id="r" Type="{OFFICE}/officeDocument/2006/relationships/officeDocument" '
            f'Target="{main}"/></Relationships>',
        )
        archive.writestr(main, f"<w:document {NAMESPACES}><w:body>{body}</w:body></w:document>")
        for name, content in parts.items():
            root = ROOTS[name]
            archive.writestr(f"word/{name}.xml", f"<w:{root} {NAMESPACES}>{content}</w:{root}>")
            links += f'<Relationship Id="{name}" Type="x/{name}" Target="{name}.xml"/>'
        for name, content in files:
            archive.writestr(f"word/{name}", content)
            links += f'<Relationship Id="{re.sub(r"[/.]", "_", name)}" Type="x/file" Target="{name}"/>'
        archive.writestr("word/_rels/document.xml.rels", f"<Relationships>{links}</Relationships>")
    return stream.getvalue()


def read(data: bytes, comments: bool = False) -> Reading:
    """Return a DOCX as its parser reads it, before headings by form are marked."""
    settings = ParseSettings(comments=comments)
    return parse(data, ParseContext("a.docx", settings, 10**8, lambda data, name: Part(name=name, id=data.hex()[:8])))


def text(reading: Reading) -> list[str]:
    """Return the lines of a document that are not empty."""
    return [line for line in write_markdown(reading.blocks).text.splitlines() if line.strip()]


def lines(body: str, **parts: object) -> list[str]:
    """Return the lines of a DOCX with this body and these parts."""
    return text(read(write(body, **parts)))
