"""The text of paragraphs: fields, tracked changes, symbols, breaks, equations."""

import pytest

from tests.corpus.parsers.docx.word_files import lines, paragraph, table


def run(text, properties=""):
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def mark(kind, data=""):
    return f'<w:r><w:fldChar w:fldCharType="{kind}">{data}</w:fldChar></w:r>'


def field(instruction, result):
    return f"{mark('begin')}<w:r><w:instrText>{instruction}</w:instrText></w:r>{mark('separate')}{result}{mark('end')}"


def form(data):
    return f"{mark('begin', f'<w:ffData>{data}</w:ffData>')}<w:r><w:instrText>FORM</w:instrText></w:r>{mark('end')}"


def change(kind, content):
    return f'<w:{kind} w:id="1" w:author="Редактор">{content}</w:{kind}>'


DELETED = change("del", '<w:r><w:delText xml:space="preserve">тридцать </w:delText></w:r>')
CASES = {
    "simple field": ('<w:fldSimple w:instr="MERGEFIELD Сумма">' + run("48 300") + "</w:fldSimple>", "48 300"),
    "field": (run("до ") + field("DATE \\@", run("5 мая")), "до 5 мая"),
    "field in a field": (field("IF " + "</w:instrText></w:r>" + field("REF x", run("нет")) + "<w:r><w:instrText>",
                               run("да")), "да"),
    "field that never ends": (mark("begin") + run("Весь остаток документа."), "Весь остаток документа."),
    "end of no field": (run("До") + mark("end") + run(" и после."), "До и после."),
    "field that begins in a deletion": (change("del", mark("begin")) + run("Текст.") + mark("end"), "Текст."),
    "index entry": (run("Насос") + field("XE &quot;насос&quot;", run("насос")) + run(" включён"), "Насос включён"),
    "checked box": (form('<w:checkBox><w:default w:val="0"/><w:checked/></w:checkBox>') + run(" да"), "☒ да"),
    "empty box": (form('<w:checkBox><w:default w:val="0"/></w:checkBox>') + run(" согласен"), "☐ согласен"),
    "chosen entry": (form('<w:ddList><w:result w:val="1"/><w:listEntry w:val="ночь"/><w:listEntry w:val="день"/>'
                          "</w:ddList>"), "день"),
    "smart tag": ("<w:smartTag>" + run("15 марта") + "</w:smartTag>" + run(" 2027 года"), "15 марта 2027 года"),
    "link": ('<w:hyperlink w:anchor="a">' + run("пункт 3") + "</w:hyperlink>", "пункт 3"),
    "content control": ("<w:sdt><w:sdtPr><w:alias w:val='x'/></w:sdtPr><w:sdtContent>" + run("ООО «Ромб»")
                        + "</w:sdtContent></w:sdt>", "ООО «Ромб»"),
    "unknown wrapper": ('<x:box xmlns:x="urn:x">' + run("Внутри.") + "</x:box>", "Внутри."),
    "insertion and deletion": (run("Срок ") + DELETED + change("ins", run("сорок ")) + run("дней."),
                               "Срок сорок дней."),
    "moved": (change("moveFrom", run("старое ")) + change("moveTo", run("новое")), "новое"),
    "hidden": (run("Видно") + run(" скрыто", "<w:vanish/>") + run(" всем.", '<w:vanish w:val="0"/>'), "Видно всем."),
    "capitals stay as typed": (run("Указ", "<w:caps/>"), "Указ"),
    "power": (run("10") + run("6", '<w:vertAlign w:val="superscript"/>') + run(" м") +
              run("3", '<w:vertAlign w:val="superscript"/>'), "10⁶ м³"),
    "index below": (run("H") + run("2", '<w:vertAlign w:val="subscript"/>') + run("O"), "H2O"),
    "symbol": ('<w:r><w:t>15 </w:t><w:sym w:font="Symbol" w:char="F0B0"/><w:t>С</w:t></w:r>', "15 °С"),
    "letters of Symbol": ('<w:r><w:rPr><w:rFonts w:ascii="Symbol"/></w:rPr><w:t>\uf061</w:t></w:r>', "α"),
    "box of Wingdings": ('<w:r><w:sym w:font="Wingdings" w:char="F0FE"/><w:t> да</w:t></w:r>', "☑ да"),
    "hyphens": ("<w:r><w:t>ГОСТ</w:t><w:noBreakHyphen/><w:t>Р обо</w:t><w:softHyphen/><w:t>рудо\u00adвание</w:t></w:r>",
                "ГОСТ-Р оборудование"),
    "tab and line break": ("<w:r><w:t>г. Тверь</w:t><w:tab/><w:t>1 мая</w:t><w:br/><w:t>2027</w:t></w:r>",
                           "г. Тверь 1 мая 2027"),
    "ruby": ("<w:r><w:ruby><w:rubyPr/><w:rt>" + run("かんじ") + "</w:rt><w:rubyBase>" + run("漢字")
             + "</w:rubyBase></w:ruby></w:r>", "漢字(かんじ)"),
}  # fmt: skip


@pytest.mark.parametrize(("runs", "text"), CASES.values(), ids=CASES)
def test_text_is_what_a_reader_sees(runs, text):
    assert lines(paragraph(runs)) == [text]


def test_a_deleted_paragraph_mark_joins_paragraphs():
    deleted = "<w:rPr>" + change("del", "") + "</w:rPr>"
    assert lines(paragraph("Срок — ", deleted) + paragraph("год.") + paragraph("Дальше.")) == ["Срок — год.", "Дальше."]


def test_a_table_of_contents_is_left_out():
    contents = (
        paragraph(
            mark("begin") + "<w:r><w:instrText>TOC \\o</w:instrText></w:r>" + mark("separate") + run("Глава 1\t3")
        )
        + paragraph(run("Глава 2\t7"))
        + paragraph(mark("end"))
    )
    styled = paragraph("Глава 1\t3", '<w:pStyle w:val="T"/>')
    control = (
        '<w:sdt><w:sdtPr><w:docPartObj><w:docPartGallery w:val="Table of Contents"/></w:docPartObj></w:sdtPr>'
        f"<w:sdtContent>{paragraph('Содержание')}{paragraph('Глава 1 3')}</w:sdtContent></w:sdt>"
    )
    styles = '<w:style w:type="paragraph" w:styleId="T"><w:name w:val="toc 1"/></w:style>'
    assert lines(contents + styled + control + paragraph("Текст главы."), styles=styles) == ["Текст главы."]


def test_leaders_of_a_typed_table_of_contents_are_shown():
    tabs = '<w:tabs><w:tab w:val="right" w:leader="dot" w:pos="9000"/></w:tabs>'
    entry = "<w:r><w:t>Глава 1</w:t><w:tab/><w:t>12</w:t></w:r>"
    assert lines(paragraph(entry, tabs)) == ["Глава 1 ..... 12"]


def test_page_breaks_and_empty_lines_end_a_paragraph():
    assert lines(
        paragraph('<w:r><w:t>Раз.</w:t><w:br w:type="page"/><w:t>Два.</w:t><w:br/><w:br/><w:t>Три.</w:t></w:r>')
    ) == [
        "Раз.",
        "Два.",
        "Три.",
    ]


def m(tag, content):
    return f"<m:{tag}>{content}</m:{tag}>"


def letters(text):
    return m("r", m("t", text))


def e(text):
    return m("e", letters(text))


EQUATIONS = {
    "p=ρgh": letters("p=ρgh"),
    "p=1": letters("𝑝=1"),
    "1/2": m("f", m("num", letters("1")) + m("den", letters("2"))),
    "(a+b)/(c+d)": m("f", m("num", letters("a+b")) + m("den", letters("c+d"))),
    "E=mc^2": letters("E=m") + m("sSup", e("c") + m("sup", letters("2"))),
    "x_1": m("sSub", e("x") + m("sub", letters("1"))),
    "x_i^(n+1)": m("sSubSup", e("x") + m("sub", letters("i")) + m("sup", letters("n+1"))),
    "√(a+b)": m("rad", "<m:deg/>" + e("a+b")),
    "∛x": m("rad", m("deg", letters("3")) + e("x")),
    "∑_(i=1)^n x": m(
        "nary", m("naryPr", '<m:chr m:val="∑"/>') + m("sub", letters("i=1")) + m("sup", letters("n")) + e("x")
    ),
    "∫ x": m("nary", m("naryPr", "") + "<m:sub/><m:sup/>" + e("x")),
    "[a|b]": m("d", m("dPr", '<m:begChr m:val="["/><m:endChr m:val="]"/>') + e("a") + e("b")),
    "sin x": m("func", m("fName", letters("sin")) + e("x")),
    "1, 0; 0, 1": m("m", m("mr", e("1") + e("0")) + m("mr", e("0") + e("1"))),
}


@pytest.mark.parametrize(("text", "equation"), EQUATIONS.items(), ids=EQUATIONS)
def test_equations(text, equation):
    sentence = run("Формула ") + m("oMath", equation) + run(".")
    assert lines(paragraph(sentence)) == [f"Формула {text}."]


def test_text_boxes_are_read_once():
    box = f"<w:txbxContent>{paragraph('Внимание!')}{table(['Код', 'Цена'], ['7', '90'])}</w:txbxContent>"
    alternatives = (
        '<w:r><mc:AlternateContent><mc:Choice Requires="wps">'
        f"<w:drawing><wps:txbx>{box}</wps:txbx></w:drawing></mc:Choice>"
        f"<mc:Fallback><w:pict><v:textbox>{box}</v:textbox></w:pict></mc:Fallback></mc:AlternateContent></w:r>"
    )
    assert lines(paragraph(run("Рядом текст.") + alternatives)) == [
        "Рядом текст.",
        "Внимание!",
        "| Код | Цена |",
        "|---|---|",
        "| 7 | 90 |",
    ]


def code(text, font="Courier New"):
    lines = text.split("\n")
    content = "<w:br/>".join(f'<w:t xml:space="preserve">{line}</w:t>' for line in lines)
    return paragraph(f'<w:r><w:rPr><w:rFonts w:ascii="{font}"/></w:rPr>{content}</w:r>')


TEXT = paragraph("Насос включают по сигналу диспетчера, после чего проверяют давление в сети.") * 2


def test_code_keeps_its_lines_and_indents():
    body = TEXT + code("if x:\n    stop()") + code("print(y)", "PT Mono") + TEXT
    assert lines(body)[2:7] == ["```", "if x:", "    stop()", "print(y)", "```"]


def test_prose_in_a_monospaced_font_is_no_code():
    assert "```" not in lines(TEXT + code("Форма заявления утверждена приказом") + TEXT)
    assert "```" not in lines(code("Цена = 5 рублей") * 3)
