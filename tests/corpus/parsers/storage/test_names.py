"""Names of files inside other files."""

import pytest

from opora.corpus.parsers.storage.names import clean_name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a/b.txt", "a/b.txt"),
        ("../../etc/passwd", "etc/passwd"),
        ("/etc/passwd", "etc/passwd"),
        ("C:\\docs\\a.txt", "C:/docs/a.txt"),
        ("a\n\x00b.txt", "a b.txt"),
        ("", ""),
        ("..", ""),
        ("отчёт.txt".replace("ё", "е\u0308"), "отчёт.txt"),
    ],
)
def test_names_of_parts_are_clean_paths(name, expected):
    assert clean_name(name) == expected
