"""Tables keep every record as it is, and give the same bytes for the same records."""

import pytest

from opora.artifacts import read_json_lines, read_parquet, read_records, tables, write_json_lines, write_parquet
from opora.errors import InputError
from opora.records import Passage

PASSAGES = [
    Passage(
        id="1", document_id="d", text="Срок — «5 дней»\n", start=0, end=16, heading=("А", "Б"), metadata={"page": 2}
    ),
    Passage(id="2", document_id="d", text="", start=16, end=16, access=("staff",)),
]


@pytest.mark.parametrize(
    ("write", "read", "name"),
    [(write_json_lines, read_records, "p.jsonl"), (write_parquet, read_parquet, "p.parquet")],
)
def test_round_trip(tmp_path, write, read, name):
    assert write(tmp_path / name, PASSAGES) == 2
    assert list(read(tmp_path / name, Passage)) == PASSAGES
    write(tmp_path / f"again-{name}", PASSAGES)
    assert (tmp_path / name).read_bytes() == (tmp_path / f"again-{name}").read_bytes()


@pytest.mark.parametrize(
    ("write", "read", "name"),
    [(write_json_lines, read_records, "p.jsonl"), (write_parquet, read_parquet, "p.parquet")],
)
def test_no_rows(tmp_path, write, read, name):
    assert write(tmp_path / name, []) == 0
    assert list(read(tmp_path / name, Passage)) == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"a": 1}\n{"a": }\n', r"t.jsonl:2:7: not JSON"),
        (b'{"a": "\xff"}\n', r"t.jsonl:1: not UTF-8 at byte 7"),
        (b"[]\n", r"t.jsonl:1: expected a JSON object, got list"),
    ],
)
def test_a_wrong_line_is_named(tmp_path, content, message):
    path = tmp_path / "t.jsonl"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        list(read_json_lines(path))


def test_blank_lines_and_a_byte_order_mark_do_no_harm(tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"a": 1}\n\n{"a": 2}')
    assert [number for number, _ in read_json_lines(path)] == [1, 3]


def test_no_file(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        list(read_json_lines(tmp_path / "none.jsonl"))


@pytest.mark.parametrize("count", [tables.ROW_GROUP, tables.ROW_GROUP + 1])
def test_rows_are_written_in_groups(tmp_path, count):
    passages = [PASSAGES[number % 2].model_copy(update={"id": str(number)}) for number in range(count)]
    assert write_parquet(tmp_path / "p.parquet", iter(passages)) == count
    assert list(read_parquet(tmp_path / "p.parquet", Passage)) == passages
