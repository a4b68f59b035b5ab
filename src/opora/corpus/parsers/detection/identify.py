"""Detection of the kind of a file: by magic bytes, then structure, then its name.

    identify(b"{\\rtf1\\ansi ...", "order.doc")      # Kind("rtf", "an RTF document", "starts with {\\rtf")
    identify(b"# Duties\\n<p align=center>", "a.md")  # Kind("markdown", "a Markdown document", "text named .md")

`registry.FORMATS` says which kinds are read.
"""

from __future__ import annotations

import functools
import io
import re
import zipfile
from importlib import resources
from pathlib import PurePath

from opora.corpus.parsers.base import ParseError
from opora.corpus.parsers.detection.text_kinds import Kind, identify_text, is_text
from opora.corpus.parsers.storage.archive import ZIP, ZIP_DAMAGE
from opora.corpus.parsers.storage.ole import OLE2, open_ole

HEAD_BYTES = 4096
_PDF = re.compile(rb"%PDF-\d")
_PDF_OBJECT = re.compile(rb"\b\d+\s+\d+\s+obj\b")
_PDF_HEAD_BYTES = 65_536
"""Junk before the header, such as the headers of an HTTP reply; the specification allows 1,024 bytes."""
_PKCS7 = bytes.fromhex("06092a864886f70d0107")

OPEN_DOCUMENTS = {
    "application/epub+zip": ("epub", "an EPUB book"),
    "application/vnd.oasis.opendocument.text": ("odt", "an OpenDocument text"),
    "application/vnd.oasis.opendocument.spreadsheet": ("ods", "an OpenDocument spreadsheet"),
    "application/vnd.oasis.opendocument.presentation": ("odp", "an OpenDocument presentation"),
}
"""Content of the member `mimetype` -> kind, description; templates have `-template` at the end."""
ZIP_MEMBERS = (
    ("xl/workbook.bin", "xlsb", "an Excel workbook in binary form (XLSB); save it as XLSX"),
    ("word/", "docx", "a Word document"),
    ("xl/", "xlsx", "an Excel workbook"),
    ("ppt/", "pptx", "a PowerPoint presentation"),
    ("visio/", "vsdx", "a Visio drawing; print it to PDF"),
    ("META-INF/container.xml", "epub", "an EPUB book"),
    ("Index/Document.iwa", "iwork", "a document of Apple Pages, Numbers or Keynote; export it as DOCX or PDF"),
    ("AndroidManifest.xml", "program", "an Android program"),
    ("META-INF/MANIFEST.MF", "program", "a Java archive"),
    ("doc.kml", "kmz", "a map (KMZ)"),
)
"""Beginning of the name of a member -> kind, description; the first that fits counts."""
OLE2_STREAMS = (
    ("__properties_version1.0", "msg", "an Outlook message"),
    ("EncryptedPackage", "encrypted", "an Office document with a password"),
    ("WordDocument", "doc", "a Word document of 1997-2003"),
    ("Workbook", "xls", "an Excel workbook of 1997-2003"),
    ("Book", "xls", "an Excel workbook of 1995"),
    ("PowerPoint Document", "ppt", "a PowerPoint presentation of 1997-2003; save it as PPTX"),
    ("VisioDocument", "vsd", "a Visio drawing; print it to PDF"),
    ("Quill", "publisher", "a Publisher document; export it as PDF"),
)
"""Stream or storage at the root -> kind, description; the first that fits counts."""
_BY_SUFFIX = {".doc": "doc", ".dot": "doc", ".xls": "xls", ".msg": "msg", ".ppt": "ppt"}


def identify(data: bytes, name: str) -> Kind:
    """Return the kind of a file of this name; "empty" and "binary" if it is no format that this module knows."""
    if not data.strip():
        return Kind("empty", "an empty file", "no bytes besides white space")
    if kind := _identify_pdf(data, name):
        return kind
    if data.startswith(ZIP) and data[2:4] in (b"\x03\x04", b"\x05\x06", b"\x07\x08"):
        return _identify_zip(data, name)
    if data.startswith(OLE2):
        return _identify_ole2(data, name)
    text = is_text(data)
    for offset, magic, kind_name, description in _signatures():
        # words such as "ID3" or "BZh" may begin a text
        if data.startswith(magic, offset) and (not text or min(magic) < 9 or max(magic) > 127):
            return Kind(kind_name, description, f"{magic.hex(' ')} at byte {offset}")
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return Kind("image", "a WebP image", "RIFF with WEBP at byte 8")
    # white pixels look like letters of old encodings, but no text has these zeros
    is_bitmap = data.startswith(b"BM") and data[6:10] == bytes(4) and data[15:18] == bytes(3)
    if is_bitmap and int.from_bytes(data[2:6], "little") in range(26, len(data) + 4):
        return Kind("image", "a BMP image", "BM and the length of the file")
    if not text and _PKCS7 in data[:64]:
        return Kind("signature", "a detached signature (PKCS #7)", "object identifier of PKCS #7")
    if text:
        return identify_text(data, name)
    return Kind("binary", f"binary data, starts with {data[:4].hex(' ')}", "bytes that are no text in any encoding")


def _identify_pdf(data: bytes, name: str) -> Kind | None:
    match = _PDF.search(data[:_PDF_HEAD_BYTES])
    if match is None:
        return None
    start = match.start()
    reason = f"{match.group().decode()} at byte {start}"
    named = PurePath(name).suffix.lower() == ".pdf"
    has_objects = _PDF_OBJECT.search(data, start) is not None
    # a text about PDF holds both, but no bytes of compressed streams
    is_pdf = start == 0 or not data[:start].strip(b"\xef\xbb\xbf\0\t\n\f\r ") or named or not is_text(data)
    if is_pdf and (has_objects or named):
        return Kind("pdf", "a PDF document", reason + (" and objects" if has_objects else " and the name"))
    return None


def _identify_zip(data: bytes, name: str) -> Kind:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            kind_of_mimetype = _read_mimetype(archive, names)
    except (*ZIP_DAMAGE, RuntimeError):  # RuntimeError: a password
        # a cut file has no directory; the names of its members are still there
        names = [match.decode("utf-8", "replace") for match in _LOCAL_NAME.findall(data)]
        kind_of_mimetype = None
    if kind_of_mimetype:
        return kind_of_mimetype
    for prefix, kind_name, description in ZIP_MEMBERS:
        if any(member.replace("\\", "/").startswith(prefix) for member in names):
            return Kind(kind_name, description, f"a zip archive with {prefix}")
    if [PurePath(member).suffix.lower() for member in names] == [".fb2"]:
        return Kind("fb2", "a FictionBook", "a zip archive with one .fb2")
    return Kind("zip", "a zip archive", "PK, and no members of another format")


_LOCAL_NAME = re.compile(rb"PK\x03\x04.{26}(?=([\x20-\x7e/]{3,80}))", re.DOTALL)


def _read_mimetype(archive: zipfile.ZipFile, names: list[str]) -> Kind | None:
    if "mimetype" not in names:
        return None
    with archive.open("mimetype") as member:
        content = member.read(200).decode("ascii", "replace").strip()
    for mimetype, (kind_name, description) in OPEN_DOCUMENTS.items():
        if content.removesuffix("-template") == mimetype:
            return Kind(kind_name, description, f"a zip archive whose mimetype is {content}")
    return None


def _identify_ole2(data: bytes, name: str) -> Kind:
    try:
        with open_ole(data) as container:
            roots = {path[0] for path in container.listdir(streams=True, storages=True)}
    except ParseError as error:
        kind_name = _BY_SUFFIX.get(PurePath(name).suffix.lower(), "ole2")
        return Kind(kind_name, "a broken file of Microsoft Office", f"its directory cannot be read: {error.detail}")
    for stream, kind_name, description in OLE2_STREAMS:
        if stream in roots:
            return Kind(kind_name, description, f"an OLE2 file with {stream}")
    return Kind("ole2", "an OLE2 file of an unknown program", "an OLE2 file")


@functools.cache
def _signatures() -> tuple[tuple[int, bytes, str, str], ...]:
    text = resources.files(__package__).joinpath("signatures.txt").read_text(encoding="utf-8")
    rows = (line.split(" ", 3) for line in text.splitlines() if line and not line.startswith("#"))
    return tuple((int(offset), bytes.fromhex(magic), kind, description) for offset, magic, kind, description in rows)
