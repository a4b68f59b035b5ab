"""Kinds of files that are text: Markdown, HTML, mail, RTF, XML, JSON, CSV, plain text.

A structure counts only where the whole file has it: text that speaks of markup stays text.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from pathlib import PurePath
from typing import NamedTuple

from opora.corpus.parsers.text.encoding import MARKS, wide_encoding


class Kind(NamedTuple):
    """Kind of a file: its name, which a row of `registry.FORMATS` may bear, a description, and the evidence."""

    name: str
    description: str
    """Noun phrase for people, with the way out if opora does not read the kind: `a RAR archive; unpack it`."""
    reason: str
    """Evidence, such as `%PDF-1 at byte 0`."""


SAMPLE_BYTES = 65_536
MAX_CONTROLS = 0.01
"""Maximum share of control characters in text."""
_CONTROLS = bytes(byte for byte in range(32) if byte not in b"\b\t\n\f\r\x1a\x1b\x0b") + b"\x7f"
MARKDOWN_SUFFIXES = frozenset((".md", ".markdown", ".mdown", ".mkd", ".mdx", ".rmd", ".qmd"))
HTML_SUFFIXES = frozenset((".html", ".htm", ".xhtml", ".shtml", ".php", ".asp", ".aspx", ".jsp"))
TEXT_SUFFIXES = frozenset((".txt", ".text", ".log", ".rst", ".adoc", ".asciidoc", ".org", ".tex", ".srt", ".vtt"))
CSV_SUFFIXES = frozenset((".csv", ".tsv", ".tab"))
JSON_SUFFIXES = frozenset((".json", ".jsonl", ".ndjson", ".geojson", ".ipynb", ".json5"))
BINARY_SUFFIXES = frozenset(
    ".pdf .docx .docm .dotx .xlsx .xlsm .pptx .pptm .odt .ods .odp .epub .zip .djvu .png .jpg .jpeg .tif .tiff".split()
)
"""Suffixes of formats that are never plain text; old .doc and .xls files often are."""

_PROLOG = re.compile(r"(?:\s+|<\?xml[^>]*\?>|<!--.*?-->)*", re.DOTALL)
_HTML_START = re.compile(r"<!doctype\s+html|<(?:html|head|body)[\s>]", re.IGNORECASE)
_HTML_TAG = re.compile(
    r"</?(?:html|head|title|body|article|main|section|div|span|table|tr|td|h[1-6]|p|br|ul|ol|li|a|b|i|font|center|pre|"
    r"meta|img|hr|form|script|style|strong|em)(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
_XML_ROOT = re.compile(r"<(?:\w+:)?([A-Za-z]\w*)(?=[\s>/])")
_HEADER = re.compile(r"([A-Za-z][A-Za-z0-9-]*):[ \t]*(\S.*)?$")
_MAIL_HEADERS = frozenset(
    "from to subject date message-id mime-version received return-path delivered-to content-type reply-to cc".split()
)
_TELLING_MAIL_HEADERS = frozenset(("message-id", "mime-version", "received", "return-path", "delivered-to"))
_MARKDOWN_HEADING = re.compile(r"(?:\A|\n\n)#{1,6}[ \t]+\S[^\n]{0,200}(?=\n\n)")
_JSON_KEY = re.compile(r'"(?:[^"\\\n]|\\.)*"\s*:')


def is_text(data: bytes) -> bool:
    """Return true for text in any encoding, by its beginning and its end."""
    if data.startswith(tuple(mark for mark, _ in MARKS)) or wide_encoding(data):
        return True
    sample = data[:SAMPLE_BYTES] + data[max(SAMPLE_BYTES, len(data) - SAMPLE_BYTES // 4) :]
    controls = len(sample) - len(sample.translate(None, _CONTROLS))
    return controls <= MAX_CONTROLS * len(sample)


def identify_text(data: bytes, name: str) -> Kind:
    """Return the kind of a text file."""
    suffix = PurePath(name).suffix.lower()
    head = _head(data)
    start = head.lstrip()
    if start.startswith(r"{\rtf"):
        return Kind("rtf", "an RTF document", r"starts with {\rtf")
    if kind := _identify_mail(start, suffix):
        return kind
    if suffix in MARKDOWN_SUFFIXES and not _HTML_START.match(start):
        return Kind("markdown", "a Markdown document", f"text named {suffix}")
    if kind := _identify_markup(head, suffix):
        return kind
    if kind := _identify_json(data, start, suffix):
        return kind
    if suffix in BINARY_SUFFIXES:
        return Kind("mislabelled", f"named {suffix}, but it holds plain text", "text without a structure")
    if suffix in ("", ".txt", ".text") and _looks_like_markdown(head):
        return Kind("markdown", "a Markdown document", "headings and tables of Markdown")
    if suffix in CSV_SUFFIXES:
        return Kind("csv", "a table in text form", f"text named {suffix}")
    return Kind("text", "a text", f"text named {suffix}" if suffix else "text")


def _looks_like_markdown(head: str) -> bool:
    lines = head.replace("\r\n", "\n").count("\n") + 1
    headings = len(_MARKDOWN_HEADING.findall(head.replace("\r\n", "\n")))
    return 2 <= headings <= 0.3 * lines


def _head(data: bytes) -> str:
    """Return the beginning of a text whose markup is ASCII."""
    encoding = next((encoding for mark, encoding in MARKS if data.startswith(mark)), None) or wide_encoding(data)
    decoder: Callable[[bytes], str] = codecs.getincrementaldecoder(encoding or "latin-1")("replace").decode
    text = decoder(data[:SAMPLE_BYTES])
    return text.removeprefix("\ufeff").removeprefix("ï»¿")


def _identify_mail(start: str, suffix: str) -> Kind | None:
    names: dict[str, str] = {}
    for line in start.removeprefix(">").splitlines()[:200]:
        if line[:1] in (" ", "\t") or (line.startswith("From ") and not names):
            continue
        match = _HEADER.match(line)
        if match is None:
            break
        names.setdefault(match[1].lower(), match[2] or "")
    mail_names = _MAIL_HEADERS & names.keys()
    is_mail = len(mail_names) >= 2 and (suffix in (".eml", ".mht", ".mhtml") or _TELLING_MAIL_HEADERS & names.keys())
    if not is_mail:
        return None
    reason = "headers " + ", ".join(sorted(mail_names))
    is_page = suffix in (".mht", ".mhtml") or "snapshot-content-location" in names
    is_page |= suffix != ".eml" and "multipart/related" in names.get("content-type", "") and "received" not in names
    return Kind("mhtml", "a saved web page (MHTML)", reason) if is_page else Kind("eml", "an e-mail", reason)


def _identify_markup(head: str, suffix: str) -> Kind | None:
    match = _PROLOG.match(head)
    start = head[match.end() if match else 0 :]
    if not start.startswith("<"):
        tags = _HTML_TAG.findall(head) if suffix in HTML_SUFFIXES else []
        return Kind("html", "an HTML page", f"{len(tags)} tags and the name") if tags else None
    if _HTML_START.match(start):
        return Kind("html", "an HTML page", f"starts with {start[:15].split('>')[0]}")
    if suffix in HTML_SUFFIXES and _HTML_TAG.search(head):
        return Kind("html", "an HTML page", "tags and the name")
    root = _XML_ROOT.search(start)
    is_xml = head.lstrip().startswith("<?xml") or suffix == ".xml"
    if root is None or (suffix in TEXT_SUFFIXES and not is_xml):
        return None
    if (kind := _identify_xml(root[1], head)) and (is_xml or kind.name in ("fb2", "svg")):
        return kind
    if _HTML_TAG.match(start) and len(_HTML_TAG.findall(head)) >= 4:
        return Kind("html", "an HTML page", f"starts with {start[:15].split('>')[0]}")
    return None


def _identify_xml(root: str, head: str) -> Kind | None:
    reason = f"XML with the root element {root}"
    if root == "FictionBook":
        return Kind("fb2", "a FictionBook", reason)
    if root == "svg":
        return Kind("svg", "a drawing (SVG)", reason)
    if root.lower() == "html" or "http://www.w3.org/1999/xhtml" in head[:2000]:
        return Kind("html", "an HTML page", reason)
    if root == "wordDocument" or "schemas.microsoft.com/office/2006/xmlPackage" in head:
        return Kind("wordml", "a Word document in XML; save it as DOCX", reason)
    if root == "Workbook":
        return Kind("spreadsheetml", "an Excel workbook in XML; save it as XLSX", reason)
    if root == "document" and "opendocument" in head:
        return Kind("fodt", "a flat OpenDocument file; save it as ODT", reason)
    return Kind("xml", f"XML data ({root})", reason)


def _identify_json(data: bytes, start: str, suffix: str) -> Kind | None:
    is_closed = start[:1] in ("{", "[") and data.rstrip()[-1:] in (b"}", b"]", b"\0")
    if suffix in JSON_SUFFIXES and start[:1] in ("{", "["):
        description = "a Jupyter notebook; export it as Markdown" if suffix == ".ipynb" else "JSON data"
        return Kind("json", description, f"text named {suffix}")
    if is_closed and re.match(r'[\[{]\s*(?:[\[{"]|$)', start) and len(_JSON_KEY.findall(start[:4000])) >= 2:
        return Kind("json", "JSON data", "a JSON object or array from beginning to end")
    return None
