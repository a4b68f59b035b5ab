import pytest

from tests.corpus.parsers.docx.word_files import lines, paragraph, read, table, text, write

SEPARATOR = f'<w:footnote w:type="separator" w:id="0">{paragraph("----")}</w:footnote>'


def note(kind, key, content, more=""):
    return f'<w:{kind} w:id="{key}" {more}>{paragraph(content)}</w:{kind}>'


def reference(kind, key, more=""):
    return f'<w:r><w:{kind}Reference w:id="{key}" {more}/></w:r>'


def run(content):
    return f"<w:r><w:t>{content}</w:t></w:r>"


def test_a_footnote_stands_below_its_paragraph():
    body = paragraph(run("Вес места") + reference("footnote", 2) + run(" ограничен.")) + paragraph("Дальше.")
    footnotes = SEPARATOR + note("footnote", 2, "Не более восьми килограммов.")
    assert lines(body, footnotes=footnotes) == ["Вес места ограничен.", "¹ Не более восьми килограммов.", "Дальше."]


def test_endnotes_are_counted_apart_in_roman_numbers():
    body = paragraph(run("Раз") + reference("endnote", 1) + reference("footnote", 1)) + paragraph(
        run("Два") + reference("endnote", 5)
    )
    parts = {
        "endnotes": note("endnote", 1, "Первая.") + note("endnote", 5, "Вторая."),
        "footnotes": note("footnote", 1, "Внизу."),
    }
    assert lines(body, **parts) == ["Раз", "i) Первая.", "¹ Внизу.", "Два", "ii) Вторая."]


def test_number_format_and_start_of_notes_are_settings():
    settings = '<w:footnotePr><w:numFmt w:val="russianLower"/><w:numStart w:val="3"/></w:footnotePr>'
    body = paragraph(run("Раз") + reference("footnote", 1))
    assert lines(body, settings=settings, footnotes=note("footnote", 1, "Сноска.")) == ["Раз", "в) Сноска."]


def test_notes_counted_by_section_start_again():
    settings = '<w:footnotePr><w:numRestart w:val="eachSect"/></w:footnotePr>'
    body = paragraph(run("Раз") + reference("footnote", 1), "<w:sectPr/>") + paragraph(
        run("Два") + reference("footnote", 2)
    )
    footnotes = note("footnote", 1, "Первая.") + note("footnote", 2, "Вторая.")
    assert lines(body, settings=settings, footnotes=footnotes) == ["Раз", "¹ Первая.", "Два", "¹ Вторая."]


def test_a_typed_mark_is_no_part_of_the_sentence():
    mark = '<w:r><w:footnoteReference w:id="1" w:customMarkFollows="1"/><w:t>*</w:t></w:r>'
    body = paragraph(run("Цена") + mark + run(" без налога."))
    assert lines(body, footnotes=note("footnote", 1, "На 1 мая.")) == ["Цена без налога.", "*) На 1 мая."]


def test_notes_of_a_table_stand_below_it():
    cell = f"<w:tc>{paragraph(run('12') + reference('footnote', 1))}</w:tc>"
    body = table(["Насос", "Подача"], ["Н-1", cell])
    assert lines(body, footnotes=note("footnote", 1, "При 20 °С."))[-2:] == ["| Н-1 | 12 |", "¹ При 20 °С."]


@pytest.mark.parametrize(("comments", "expected"), [(False, ["Цена 5."]), (True, ["Цена 5.", "Петрова: Уточнить."])])
def test_comments_are_read_on_request(comments, expected):
    body = paragraph(run("Цена 5.") + reference("comment", 1))
    data = write(body, comments=note("comment", 1, "Уточнить.", 'w:author="Петрова"'))
    assert text(read(data, comments)) == expected


def test_a_note_is_written_once_even_if_it_is_referred_to_often():
    body = paragraph(run("Раз") + reference("footnote", 1) * 3)
    assert lines(body, footnotes=note("footnote", 1, "Сноска." + "x" * 10)) == ["Раз", "¹ Сноска.xxxxxxxxxx"]


def test_a_note_may_refer_to_itself():
    footnotes = note("footnote", 1, run("Круг") + reference("footnote", 1))
    assert lines(paragraph(run("Раз") + reference("footnote", 1)), footnotes=footnotes) == ["Раз", "¹ Круг"]
