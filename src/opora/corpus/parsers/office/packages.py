"""Reading of zipped XML documents with bounded work."""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import TYPE_CHECKING

from lxml import etree

from opora.corpus.parsers.base import ParseError

if TYPE_CHECKING:
    from lxml.etree import _Element as Element


def parse_xml(data: bytes) -> Element:
    """Return the root element. Entities are not expanded. Raises ParseError if the XML is broken."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, remove_comments=True)
    try:
        return etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        if "depth" in str(error).lower():
            raise ParseError("nested too deeply", "elements more than 256 levels deep") from None
        raise ParseError("corrupt", f"XML: {error}") from None
    except ValueError as error:
        raise ParseError("corrupt", f"XML: {error}") from None


def read_member(data: bytes, name: str) -> bytes | None:
    """Return a member of a zip file; None if there is none. Raises ParseError if it is broken or encrypted."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return archive.read(name) if name in archive.namelist() else None
    except RuntimeError as error:
        raise ParseError("encrypted", str(error)) from None
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, ValueError, OSError) as error:
        raise ParseError("corrupt", f"{name}: {error}") from None


def local_name(element: Element) -> str:
    """Return the name of an element without its namespace; empty for a comment or an entity."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""
