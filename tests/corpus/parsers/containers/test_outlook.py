"""Outlook messages are read with their headers, body, attachments and enclosed messages."""

import struct

import pytest

from opora.corpus.parsers.base import ParseError
from opora.corpus.parsers.registry import parse_document
from tests.corpus.parsers.ole import write_ole

LIMIT = 2**25


def prop(number, text):
    return {f"__substg1.0_{number:04X}001F": text.encode("utf-16-le")}


def message(subject, body, header=32, **more):
    sent = (133_000_000_000_000_000).to_bytes(8, "little")  # 2022-06-18
    properties = b"\0" * header + struct.pack("<II", 0x00390040, 0) + sent
    return {"__properties_version1.0": properties, **prop(0x37, subject), **prop(0x1000, body), **more}


def attachment(name, data):
    return {"__properties_version1.0": b"\0" * 8, **prop(0x3707, name), "__substg1.0_37010102": data}


def test_a_message():
    tree = message("Срок", "Насос задержан.", **prop(0x0C1A, "Н. Орлова"), **prop(0x5D01, "o@example.org"))
    tree |= prop(0x0E04, "И. Лебедев")
    tree["__attach_version1.0_#00000000"] = attachment("a.md", b"# Duties\n\nText")
    inner = message("Inner", "Inner body.", header=24)
    tree["__attach_version1.0_#00000001"] = {"__properties_version1.0": b"\0" * 8, "__substg1.0_3701000D": inner}
    parsed = parse_document(write_ole(tree), "a.msg", LIMIT)
    assert parsed.metadata == {"sender": "Н. Орлова <o@example.org>", "recipients": "И. Лебедев", "date": "2022-06-18"}
    assert parsed.text.startswith("# Срок\n\nFrom: Н. Орлова <o@example.org>\nTo: И. Лебедев\nDate: 2022-06-18")
    assert "# Inner" in parsed.text
    assert "Inner body." in parsed.text
    assert [(part.name, part.parsed.title) for part in parsed.parts] == [("a.md", "Duties")]


def test_texts_in_an_old_encoding():
    tree = {"__properties_version1.0": b"\0" * 32, "__substg1.0_0037001E": b"x"}
    tree["__substg1.0_1000001E"] = "Ключ от склада у завхоза.".encode("cp1251")
    assert "Ключ от склада у завхоза." in parse_document(write_ole(tree), "a.msg", LIMIT).text


def test_a_message_without_anything():
    with pytest.raises(ParseError, match="no text"):
        parse_document(write_ole({"__properties_version1.0": b"\0" * 32}), "a.msg", LIMIT)
