"""Titles that no heading marks, and short lists between paragraphs of the main text."""

from opora.corpus.parsers.html.parser import read_page

MENU = "".join(f'<div class="item"><a href="/{n}">Раздел {n}</a></div>' for n in range(9))
PROSE = "Склад принимает товар по будням с девяти до шести часов, кроме последнего дня месяца. " * 2
PAGE = f"""<html><head><title>Общий заголовок сайта</title></head><body><div class="menu">{MENU}</div>
<div class="center"><div class="crumbs"><a href="/">Главная</a></div><div class="ttl">Порядок приёма товара</div>
<div class="txt"><p>{PROSE}</p><p>{PROSE}</p><ul><li>Не мять.</li><li>Не мочить.</li></ul><p>{PROSE}</p></div></div>
<div class="bottom">© Склад <a href="/map">Карта сайта</a></div></body></html>"""


def test_the_line_above_the_main_text_is_its_title():
    reading = read_page(PAGE.encode())
    first = reading.blocks[0]
    assert (first.kind, first.level, first.text) == ("heading", 1, "Порядок приёма товара")


def test_a_short_list_between_paragraphs_is_kept():
    texts = [block.text for block in read_page(PAGE.encode()).blocks]
    assert texts.index("Не мять.") + 1 == texts.index("Не мочить.")
    assert not any("Раздел" in text or "Карта" in text for text in texts)
