"""PPT: titles, text and speaker notes of each slide, in the order of the slides."""

import struct

import pytest

from opora.corpus.parsers.base import ParseError
from opora.corpus.parsers.registry import parse_document
from tests.corpus.parsers.ole import write_ole

LIMIT = 2**25


def atom(kind, data, instance=0):
    return struct.pack("<HHI", instance << 4, kind, len(data)) + data


def container(kind, *children, instance=0):
    data = b"".join(children)
    return struct.pack("<HHI", instance << 4 | 0xF, kind, len(data)) + data


def text(kind, content):
    return atom(0x0F9F, struct.pack("<I", kind)) + atom(0x0FA0, content.encode("utf-16-le"))


def box(*children):
    return container(0x040C, container(0xF004, container(0xF00D, *children)))


def make_ppt(token=0xE391C05F):
    """Two slides: the first takes its texts from the outline, the second, which has notes, from its own shapes."""
    entries = [
        atom(0x03F3, struct.pack("<IIiII", 2, 0, 0, 256, 0)), text(0, "Начало"), text(1, "Открыть вентиль.\rЖдать."),
        atom(0x03F3, struct.pack("<IIiII", 3, 0, 0, 257, 0)),
    ]  # fmt: skip
    notes_entry = atom(0x03F3, struct.pack("<IIiII", 4, 0, 0, 9, 0))
    document = container(0x03E8, container(0x0FF0, *entries), container(0x0FF0, notes_entry, instance=2))
    outline = [box(atom(0x0F9E, struct.pack("<I", index))) for index in (1, 0)]
    first = container(0x03EE, atom(0x03EF, bytes(24)), *outline)
    own = [box(text(0, "Конец")), box(text(4, "В рамке")), box(text(4, "*"))]
    second = container(0x03EE, atom(0x03EF, struct.pack("<12xiII", 0, 9, 0)), *own)
    notes = container(0x03F0, box(text(2, "Спросить о вентиле.")))
    stream, offsets = b"", []
    for part in (document, first, second, notes):
        offsets.append(len(stream))
        stream += part
    directory = len(stream)
    stream += atom(0x1772, struct.pack("<I4I", 1 | 4 << 20, *offsets))
    edit = len(stream)
    stream += atom(0x0FF5, struct.pack("<IIIIII4x", 0, 0, 0, directory, 1, 5))
    user = struct.pack("<IIIII", 0, 0, 20, token, edit)
    return write_ole({"PowerPoint Document": stream, "Current User": user})


def test_slides():
    parsed = parse_document(make_ppt(), "a.ppt", LIMIT)
    assert parsed.text == ("# Начало\n\n- Открыть вентиль.\n- Ждать.\n\n# Конец\n\nВ рамке\n\nСпросить о вентиле.")
    assert parsed.text[parsed.pages[1] :].startswith("# Конец")


def test_a_presentation_with_a_password():
    with pytest.raises(ParseError) as caught:
        parse_document(make_ppt(token=0xF3D1C4DF), "a.ppt", LIMIT)
    assert caught.value.reason == "encrypted"


def test_a_broken_presentation():
    with pytest.raises(ParseError) as caught:
        parse_document(write_ole({"PowerPoint Document": b"\0" * 20, "Current User": b"\0" * 20}), "a.ppt", LIMIT)
    assert caught.value.reason == "corrupt"
