"""Tables in text form: separator, quotes and encoding are found."""

import pytest

from opora.corpus.parsers.registry import parse_document


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("имя,возраст\nИван,31\n", "| Иван | 31 |"),
        ("имя;цена\nИван;3,5\nОлег;4,5\n", "| Иван | 3,5 |"),
        ("a\tb, c\n1\t2, 3\n", "| 1 | 2, 3 |"),
        ("sep=|\na|b\n1|2\n", "| 1 | 2 |"),
        ('a,b\n"x, ""y""",2\n', '| x, "y" | 2 |'),
        ('a,b\n"two\nlines",2\n', "| two lines | 2 |"),
        ("Price list\n\na;b\n1;2\n", "| 1 | 2 |"),
        ("one column\nonly text\n", "only text"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_rows(text, row, encoding):
    assert row in parse_document(text.encode(encoding), "a.csv", 2**20).text.splitlines()


def test_an_old_encoding():
    assert (
        "| Иванов | 31 |" in parse_document("имя;возраст\nИванов;31\nПетров;15\n".encode("cp1251"), "a.csv", 2**20).text
    )
