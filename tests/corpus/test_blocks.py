from opora.corpus.blocks import Block, LineBox, clean_code, clean_text, write_markdown


def written(*blocks):
    return write_markdown(blocks).text


def test_code_stands_between_fences():
    assert written(Block("code", "a:\n  b: 1")) == "```\na:\n  b: 1\n```"
    assert written(Block("code", "```\nx\n```")) == "````\n```\nx\n```\n````"


def test_text_that_looks_like_markup_is_escaped():
    assert written(Block("paragraph", "# 5 шт.")) == "\\# 5 шт."
    assert written(Block("paragraph", "цена\n| 5 | 6 |")) == "цена\n\\| 5 | 6 |"
    assert written(Block("item", "# 5 шт.", mark="1.")) == "1. # 5 шт."
    assert written(Block("paragraph", "1. Ключ #5 - у завхоза")) == "1. Ключ #5 - у завхоза"


def test_lines_keep_their_places_when_text_is_escaped():
    lines = (LineBox(0, 5, 1, 0, 0, 9, 9), LineBox(6, 10, 1, 0, 9, 9, 18))
    document = write_markdown([Block("paragraph", "# abc\ndefg", page=1, lines=lines)], page_count=1)
    assert [document.text[line.start : line.end] for line in document.lines] == ["# abc", "defg"]


def test_white_space():
    assert clean_text("a\t b\x00c\u00ad\r\nd\ud800") == "a b c\nd\ufffd"
    assert clean_code("\n  a:\n\tb \n\n") == "  a:\n    b"
