"""Headings, lists, tables, code and line breaks of pages."""

import pytest

from opora.corpus.parsers.html.parser import read_whole


def read(body):
    """Blocks of a page as (kind, text)."""
    return [(block.kind, block.text) for block in read_whole(f"<html><body>{body}</body></html>".encode())[0]]


def marks(body):
    """Items of a page as (depth, mark, text)."""
    return [(block.level, block.mark, block.text) for block in read_whole(f"<body>{body}".encode())[0]]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<h2>Порядок</h2><p>Один.</p>", [("heading", "Порядок"), ("paragraph", "Один.")]),
        ("<div role=heading aria-level=3>Порядок</div>", [("heading", "Порядок")]),
        ("до<p>внутри</p>после", [("paragraph", "до"), ("paragraph", "внутри"), ("paragraph", "после")]),
        ("<p>г. Энск,<br>ул. Лесная, 2</p>", [("paragraph", "г. Энск,\nул. Лесная, 2")]),
        ("<p>Один.<br><br>Два.</p>", [("paragraph", "Один."), ("paragraph", "Два.")]),
        ("<p>строка\nисточника</p>", [("paragraph", "строка источника")]),
        ("<p>пере\u00adнос&nbsp;слова</p>", [("paragraph", "перенос слова")]),
        ("<pre>if a:\n    b</pre>", [("code", "if a:\n    b")]),
        ("<p>статья 12<sup>1</sup></p>", [("paragraph", "статья 12¹")]),
        ("<p>м<sup><a href='#n'>2</a></sup></p>", [("paragraph", "м²")]),
        ("<p>H<sub>2</sub>O</p>", [("paragraph", "H₂O")]),
        ("<p>x<sup>th</sup></p>", [("paragraph", "xth")]),
        ("<dl><dt>Насос</dt><dd>Машина.</dd></dl>", [("paragraph", "Насос"), ("item", "Машина.")]),
        (
            "<details><summary>Вопрос</summary>Ответ.</details>",
            [("paragraph", "Вопрос"), ("paragraph", "Ответ.")],
        ),
        ("<p>a<span style='display:block'>b</span></p>", [("paragraph", "a"), ("paragraph", "b")]),
        ("<p>д. 20<span>Тел.: 48</span></p>", [("paragraph", "д. 20 Тел.: 48")]),
        ("<p>пра<span>во</span></p>", [("paragraph", "право")]),
        (
            "<p>Почта: <a data-cfemail='42230223202c6c3037'>[email&#160;protected]</a></p>",
            [("paragraph", "Почта: a@abn.ru")],
        ),
        ("<p>1&#150;2 &#x97; 3</p>", [("paragraph", "1–2 — 3")]),
    ],
)
def test_blocks(body, expected):
    assert read(body) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<ul><li>а<ul><li>б</li></ul></li><li>в</li></ul>", [(0, "-", "а"), (1, "-", "б"), (0, "-", "в")]),
        ("<ol start=5><li>а</li><li value=9>б</li><li>в</li></ol>", [(0, "5.", "а"), (0, "9.", "б"), (0, "10.", "в")]),
        ("<ol type=a><li>x</li><li>y</li></ol>", [(0, "a.", "x"), (0, "b.", "y")]),
        ("<ol type=I><li>x</li><li>y</li></ol>", [(0, "I.", "x"), (0, "II.", "y")]),
        ("<ul><li>2.1. Масло</li><li>б) вода</li></ul>", [(0, "2.1.", "Масло"), (0, "б)", "вода")]),
        ("<ol><li><p>а</p></li></ol>", [(0, "1.", "а")]),
    ],
)
def test_lists(body, expected):
    assert marks(body) == expected


def test_raised_by_a_style_sheet():
    page = "<style>.W9{vertical-align:super}</style><p>статья 155<span class='W9'>1</span> настоящего Кодекса</p>"
    assert read_whole(page.encode())[0][0].text == "статья 155¹ настоящего Кодекса"


def test_preformatted_prose_is_paragraphs():
    lines = "Заявка на воду подаётся за три дня до полива, а ответ на неё\nдиспетчер станции даёт письменно за сутки.\n"
    paragraphs = "\n".join([lines] * 6)
    blocks = read(f"<pre>{paragraphs}</pre>")
    assert {kind for kind, _ in blocks} == {"paragraph"}
    assert len(blocks) == 6
    assert "на неё диспетчер" in blocks[0][1]
    assert [kind for kind, _ in read(f"<pre><code>{lines * 6}</code></pre>")] == ["code"]
