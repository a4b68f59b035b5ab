"""The estimated time of ingest grows with pages and bytes, and never fails."""

import pytest

from opora.corpus.estimate import START_S, estimate_seconds


def seconds(tmp_path, name, data, workers=1):
    (tmp_path / name).write_bytes(data)
    return estimate_seconds([tmp_path / name], workers) - START_S


def test_pages_of_a_pdf_count_whatever_its_size(tmp_path):
    pages = b"%PDF-1.7\n" + b"<< /Type /Page /Parent 2 0 R >>\n" * 300 + b"<< /Type /Pages /Count 300 >>"
    assert seconds(tmp_path, "a.pdf", pages) == pytest.approx(15, rel=0.1)
    assert seconds(tmp_path, "b.pdf", b"%PDF-1.7\n" + bytes(5 << 20)) == pytest.approx(4, rel=0.1)


def test_time_grows_with_bytes(tmp_path):
    assert seconds(tmp_path, "a.html", bytes(4 << 20)) == pytest.approx(
        4 * seconds(tmp_path, "a.html", bytes(1 << 20)), rel=0.1
    )
    assert estimate_seconds([tmp_path / "missing.pdf"], 2) == START_S
