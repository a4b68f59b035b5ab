"""XML of untrusted files: no entities, no network, bounded depth."""

from __future__ import annotations

from typing import TypeAlias

from lxml import etree

from opora.corpus.parsers.base import ParseError

Element: TypeAlias = etree._Element


def parse_xml(data: bytes, recover: bool = False) -> Element:
    """Return the root element. Raises ParseError if the XML is broken; with `recover`, if nothing of it can be read."""
    # without `huge_tree`, elements nest at most 256 deep and entities do not grow
    parser = etree.XMLParser(
        recover=recover, resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        if "depth" in str(error).lower():
            raise ParseError("nested too deeply", "elements more than 256 levels deep") from None
        raise ParseError("corrupt", f"XML: {error}") from None
    if root is None:
        raise ParseError("corrupt", "no XML element")
    return root


def local_name(element: Element) -> str:
    """Return the name of an element without its namespace; empty for a comment or an entity."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""
