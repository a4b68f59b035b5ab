"""The places of lines on their pages, by document."""

from opora.corpus.blocks import LineBox
from opora.corpus.lines import ROW_GROUP, LineWriter, read_lines


def test_lines_come_back_for_each_document(tmp_path):
    path = tmp_path / "lines.parquet"
    lines = {f"d{n}": [LineBox(n, n + 9, 1, 72.04, 700.5, 300.0, 712.0)] * (n % 3) for n in range(3 * ROW_GROUP)}
    with LineWriter(path) as writer:
        for document_id, boxes in lines.items():
            writer.add(document_id, boxes)
    last = f"d{3 * ROW_GROUP - 1}"
    assert read_lines(path, "d1") == [LineBox(1, 10, 1, 72.0, 700.5, 300.0, 712.0)]
    assert [box[:3] for box in read_lines(path, last)] == [box[:3] for box in lines[last]]
    assert read_lines(path, "d0") == []
    assert read_lines(path, "missing") == []


def test_without_lines_the_table_is_empty(tmp_path):
    with LineWriter(tmp_path / "lines.parquet"):
        pass
    assert read_lines(tmp_path / "lines.parquet", "d") == []
