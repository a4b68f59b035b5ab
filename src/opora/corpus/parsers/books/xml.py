"""XML of books, which is often not well-formed."""

from __future__ import annotations

import re
from html.entities import html5

from lxml import etree

from opora.corpus.parsers.html.markup import clean_markup
from opora.corpus.parsers.storage.xml import Element, local_name, parse_xml

_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")
_ENTITY = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)([A-Za-z]\w{0,30});")
_DOCTYPE = re.compile(r"<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>", re.DOTALL)


def read_xml(text: str) -> Element:
    """Return the root of XML, also if it is not well-formed. Raises ParseError if nothing of it can be read.

    Names of HTML's entities are known, those that the file itself declares are left out.
    """
    text = _DOCTYPE.sub("", _DECLARATION.sub("", clean_markup(text)), count=1)
    text = _ENTITY.sub(lambda match: html5.get(f"{match[1]};", " "), text)
    root = parse_xml(text.encode("utf-8", "replace"), recover=True)
    for element in root.iter(etree.Element):
        # of an undeclared prefix, too
        name = local_name(element).rpartition(":")[2]
        element.tag = name if name[:1].isalpha() else "unnamed"
    return root
