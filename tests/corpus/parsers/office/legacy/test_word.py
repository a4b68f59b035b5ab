"""DOC is read with its headings, numbers, tables, notes and fields, and nothing that it hides."""

import struct

import pytest

from opora.corpus.parsers.base import ParseError
from opora.corpus.parsers.registry import parse_document
from tests.corpus.parsers.ole import write_ole

LIMIT = 2**25
TEXT = 0x400
IN_TABLE, ROW_END = struct.pack("<HB", 0x2416, 1), struct.pack("<HB", 0x2417, 1)
HIDDEN = struct.pack("<HB", 0x083C, 1)


def page(limits, entries, width):
    """A page of properties: the limits of its runs, and the properties of each."""
    places, pool, position = b"", {}, 510
    for entry in entries:
        if entry and entry not in pool:
            size = len(entry)
            content = (
                bytes([size]) + entry if width == 1 else b"\0" + bytes([(size + 1) // 2]) + entry + b"\0" * (size % 2)
            )
            position -= len(content) + len(content) % 2
            pool[entry] = (position, content)
        places += bytes([pool[entry][0] // 2 if entry else 0]).ljust(width, b"\0")
    data = bytearray(struct.pack(f"<{len(limits)}I", *limits) + places).ljust(512, b"\0")
    for start, content in pool.values():
        data[start : start + len(content)] = content
    data[511] = len(entries)
    return bytes(data)


def make_doc(paragraphs, notes="", references=(), hidden=(), structures=None, flags=0, kind=0xA5EC):
    """A DOC. A paragraph is (text with its end mark, style, properties); `hidden` are runs of the text."""
    body = "".join(text for text, _, _ in paragraphs)
    text = body + notes
    raw = text.encode("utf-16-le")
    position, limits = TEXT, [TEXT]
    for paragraph, _, _ in paragraphs:
        position += 2 * len(paragraph)
        limits.append(position)
    limits.append(TEXT + len(raw) + 2)
    entries = [struct.pack("<H", style) + properties for _, style, properties in paragraphs] + [b"\0\0"]
    edges = sorted({0, len(text), *(edge for run in hidden for edge in run)})
    runs = [HIDDEN if any(start <= edge < end for start, end in hidden) else b"" for edge in edges[:-1]]
    pages_at = -(-(TEXT + len(raw)) // 512)
    main = bytearray(TEXT + len(raw)).ljust(pages_at * 512, b"\0")
    main[TEXT : TEXT + len(raw)] = raw
    main += page(limits, entries, 13) + page([TEXT + 2 * edge for edge in edges], runs, 1)
    table = {
        33: b"\2" + struct.pack("<I", 16) + struct.pack("<IIHIH", 0, len(text), 0, TEXT, 0),
        13: struct.pack("<III", TEXT, limits[-1], pages_at),
        12: struct.pack("<III", TEXT, limits[-1], pages_at + 1),
        2: struct.pack(f"<{len(references) + 1}I", *references, len(body) + 1) + b"\0\0" * len(references),
        3: struct.pack("<III", 0, len(notes), len(notes) + 1) if references else b"",
        **(structures or {}),
    }  # fmt: skip
    stream = b""
    struct.pack_into("<H", main, 0, kind)
    struct.pack_into("<H", main, 0x0A, flags)
    struct.pack_into("<8i", main, 0x4C, len(body), len(notes), 0, 0, 0, 0, 0, 0)
    tail = structures.get("tail", b"") if structures else b""
    for number, content in table.items():
        if number != "tail":
            struct.pack_into("<II", main, 0x9A + 8 * number, len(stream), len(content))
            stream += content + (tail if number == 73 else b"")
    return write_ole({"WordDocument": bytes(main), "0Table": stream})


def read(*args, **kwargs):
    return parse_document(make_doc(*args, **kwargs), "a.doc", LIMIT).text


def style(identifier, properties=b""):
    """A style with a built-in number."""
    own = struct.pack("<HH", 0, 0)[:2] + properties
    data = struct.pack("<HHHHH", identifier, 0xFFF1, 1, 0, 0) + struct.pack("<H2sH", 1, b"x\0", 0)
    data += struct.pack("<H", len(own)) + own
    return struct.pack("<H", len(data)) + data + b"\0" * (len(data) % 2)


STYLES = {1: struct.pack("<HHH14x", 18, 3, 10) + style(0) + style(1) + style(2)}


def test_paragraphs_and_characters():
    text = "Склад\x1e1 открыт.\x0bС девяти.\r"
    assert read([(text, 0, b""), ("Вторая\x1f строка\r", 0, b"")]) == "Склад-1 открыт.\nС девяти.\n\nВторая строка"


def test_hidden_text_and_instructions_of_fields_are_left_out():
    text = "Цена \x13 PAGEREF x \x1412\x15 евро скрыто.\r"
    start = text.index("скрыто")
    assert read([(text, 0, b"")], hidden=[(start, start + 6)]) == "Цена 12 евро ."


def test_headings_come_from_styles_and_outline_levels():
    outline = struct.pack("<HB", 0x2640, 2)
    paragraphs = [("Part\r", 1, b""), ("Section\r", 2, b""), ("Clause\r", 0, outline), ("Text\r", 0, b"")]
    assert read(paragraphs, structures=STYLES) == "# Part\n\n## Section\n\n### Clause\n\nText"


def test_notes_follow_their_paragraph():
    text = read(
        [("Вес места\x02 ограничен.\r", 0, b""), ("Далее.\r", 0, b"")], notes="\x02 Восемь кг.\r", references=[9]
    )
    assert text == "Вес места[1] ограничен.\n\n[1] Восемь кг.\n\nДалее."


def row(*borders, merges=()):
    """Properties of the end of a row."""
    cells = b"".join(bytes([merges[n] if merges else 0]).ljust(20, b"\0") for n in range(len(borders)))
    definition = bytes([len(borders)]) + struct.pack(f"<{len(borders) + 1}h", 0, *borders) + cells
    return IN_TABLE + ROW_END + struct.pack("<HH", 0xD608, len(definition) + 1) + definition


def cells(*texts):
    return [(f"{text}\x07", 0, IN_TABLE) for text in texts]


def test_tables():
    paragraphs = [
        *cells("Зал", "Насос"), ("\x07", 0, row(100, 200)),
        *cells("А", "Н-1"), ("\x07", 0, row(100, 200, merges=(0x60, 0))),
        *cells("", "Н-2"), ("\x07", 0, row(100, 200, merges=(0x20, 0))),
        ("После.\r", 0, b""),
    ]  # fmt: skip
    assert read(paragraphs) == "| Зал | Насос |\n|---|---|\n| А | Н-1 |\n| А | Н-2 |\n\nПосле."


def level(number_format, text, start=1):
    """A level of a list; a placeholder is the character of its level's index."""
    return struct.pack("<iBB9sB8xBBBB", start, number_format, 0, b"", 0, 0, 0, 0, 0) + struct.pack(
        f"<H{2 * len(text)}s", len(text), text.encode("utf-16-le")
    )


def test_numbers_of_lists():
    levels = [level(0, "\0."), level(0, "\0.\1."), level(4, "\2)"), *[level(255, "") for _ in range(6)]]
    structures = {
        73: struct.pack("<hi", 1, 7) + b"\0" * 24,
        "tail": b"".join(levels),
        74: struct.pack("<Ii12x", 1, 7) + b"\xff" * 4,
    }

    def item(text, depth):
        return (f"{text}\r", 0, struct.pack("<HBHh", 0x260A, depth, 0x460B, 1))

    paragraphs = [
        item("Общее", 0),
        item("Срок", 0),
        item("Начало", 1),
        item("Конец", 1),
        item("день", 2),
        item("Цена", 0),
    ]
    text = read(paragraphs, structures=structures)
    assert text == "1. Общее\n2. Срок\n  2.1. Начало\n  2.2. Конец\n    a) день\n3. Цена"


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"flags": 0x0100}, "encrypted"),
        ({"kind": 0xA5DC}, "unsupported format"),
        ({"kind": 0}, "corrupt"),
        ({"structures": {33: b""}}, "corrupt"),
    ],
)
def test_a_document_that_cannot_be_read_has_a_reason(options, reason):
    with pytest.raises(ParseError) as caught:
        read([("text\r", 0, b"")], **options)
    assert caught.value.reason == reason
