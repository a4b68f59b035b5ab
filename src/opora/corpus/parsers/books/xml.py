"""Reading of XML from untrusted files: no entities, no network."""

from __future__ import annotations

import re
from html.entities import html5

from lxml import etree

from opora.corpus.parsers.base import ParseError
from opora.corpus.parsers.html.markup import clean_markup

_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")
_ENTITY = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)([A-Za-z]\w{0,30});")
_DOCTYPE = re.compile(r"<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>", re.DOTALL)


def read_xml(text: str) -> etree._Element:
    """Return the root of XML, also if it is not well-formed. Raises ParseError if nothing of it can be read.

    Names of HTML's entities are known, those that the file itself declares are left out.
    """
    text = _DOCTYPE.sub("", _DECLARATION.sub("", clean_markup(text)), count=1)
    text = _ENTITY.sub(lambda match: html5.get(f"{match[1]};", " "), text)
    # without `huge_tree`, elements nest at most 256 deep and entities do not grow
    parser = etree.XMLParser(
        recover=True, resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(text.encode("utf-8", "replace"), parser)
    except etree.XMLSyntaxError as error:
        raise ParseError("corrupt", str(error)) from None
    if root is None:
        raise ParseError("corrupt", "no XML element")
    for element in root.iter(etree.Element):
        # of an undeclared prefix, too
        name = element.tag.rpartition("}")[2].rpartition(":")[2]
        element.tag = name if name[:1].isalpha() else "unnamed"
    return root
