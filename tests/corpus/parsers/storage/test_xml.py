"""XML of strangers opens no files, grows no entities, and nests only so deep."""

import pytest

from opora.corpus.parsers.base import ParseError
from opora.corpus.parsers.storage.xml import local_name, parse_xml

FILE = b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/hostname">]><a>x&e;y</a>'
BOMB = b'<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><a>&c;</a>'


@pytest.mark.parametrize(("data", "text"), [(FILE, "x"), (BOMB, None), (b"<a>x<!-- no --></a>", "x")])
def test_entities_and_comments_are_left_out(data, text):
    assert parse_xml(data).text == text


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"<a>x</b>", "corrupt"), (b"", "corrupt"), (b"<a>" * 300 + b"</a>" * 300, "nested too deeply")],
)
def test_broken_xml_has_a_reason(data, reason):
    with pytest.raises(ParseError) as caught:
        parse_xml(data)
    assert caught.value.reason == reason


def test_broken_xml_is_read_up_to_its_fault_on_demand():
    root = parse_xml(b'<n:a xmlns:n="urn:n">x</b>', recover=True)
    assert (local_name(root), root.text) == ("a", "x")
