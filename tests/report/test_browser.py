"""The page in a real browser: mouse and keyboard, desktop and phone, light and dark theme."""

import pytest

from tests.report.chromium import PROGRAM, Chromium

pytestmark = [
    pytest.mark.skipif(PROGRAM is None, reason="needs Chromium: `apt-get install chromium`"),
    pytest.mark.slow,
]
ONE = "document.querySelector('.detail h3').textContent"
PLACE = "document.querySelector('.bar [role=status]').textContent"
CARDS = "[...document.querySelectorAll('.answer h4')].map(e => e.textContent)"
LISTED = "[...document.querySelectorAll('.list li')].map(e => e.dataset.id)"
SELECTED = "[...document.querySelectorAll('.list li[aria-selected=true]')].map(e => e.dataset.id).join()"


@pytest.fixture(scope="module")
def chromium():
    with Chromium() as browser:
        yield browser


@pytest.fixture
def page(chromium, report):
    chromium.open(report / "report.html")
    yield chromium
    assert chromium.errors == []
    assert all(address.startswith(("file:", "about:")) for address in chromium.requests)


def test_the_page_loads_without_errors(page):
    assert page.run("document.title") == "A & <B>"  # scripts in documents did not run
    assert page.run(CARDS) == ["A. <i>wrong</i> | $x$", "B. right"]
    assert page.run(PLACE) == "1 / 5"
    assert page.run("document.querySelectorAll('#browser script, #browser b, #browser i').length") == 0
    assert len(page.requests) == 1  # itself


@pytest.mark.parametrize(
    ("filter_", "value", "listed"),
    [
        ("question_type", "simple", ["fee", "dogs"]),
        ("question_type", "unanswerable", ["captain"]),
        ("domain", "tech", ["pump"]),
        ("behavior", "refuse", ["captain"]),
        ("outcome", "right_b", ["fee", "dogs", "pier", "pump", "captain"]),
        ("outcome", "wrong_b", []),
        ("outcome", "better_b", ["fee", "dogs", "pier", "pump", "captain"]),
        ("outcome", "refused_b", None),
        ("search", "NORTHERN", ["pier"]),
        ("search", "<b>pump</b>", ["pump"]),
        ("search", "nowhere at all", []),
    ],
)
def test_filters(page, filter_, value, listed):
    options = page.run("[...document.querySelectorAll('#filter-outcome option')].map(e => e.value)")
    if listed is None:
        assert value not in options  # there is a filter for the refusals of A only
        return
    page.choose(f"#filter-{filter_}", value)
    assert page.run(LISTED) == listed
    assert page.run("document.querySelector('#browser output').textContent") == f"Shown: {len(listed)} of 5"
    assert page.run("document.querySelector('.detail').textContent.includes('No question passes')") == (not listed)
    page.run("document.querySelector('.filters button').click()")
    assert len(page.run(LISTED)) == 5


def test_two_models_side_by_side_or_one(page):
    page.choose("#filter-a", "1")
    page.choose("#filter-b", "2")
    assert page.run(CARDS) == ["A. right", "B. refuse"]
    lefts = page.run("[...document.querySelectorAll('.answer')].map(e => e.getBoundingClientRect().left)")
    assert lefts[1] > lefts[0] + 100
    assert page.run("document.querySelectorAll('.answer')[1].textContent.includes('refused')")
    page.choose("#filter-b", "-1")
    assert page.run(CARDS) == ["A. right"]


def test_the_keyboard_is_enough(page):
    for _ in range(60):  # to the list of questions, past all that comes before
        page.press("Tab")
        if page.run("document.activeElement.getAttribute('role')") == "listbox":
            break
    else:
        pytest.fail("the list of questions cannot be reached")
    page.run("document.getElementById('filter-search').blur()")
    seen = []
    for key in ("KeyJ", "ArrowRight", "ArrowDown", "KeyK", "ArrowLeft", "End", "Home"):
        page.press(key)
        seen.append(page.run(SELECTED))
    assert seen == ["dogs", "pier", "pump", "pier", "dogs", "captain", "fee"]
    assert page.run("document.getElementById(document.activeElement.getAttribute('aria-activedescendant')) != null")


def test_typing_does_not_change_the_question(page):
    page.run("document.getElementById('filter-search').focus()")
    page.press("KeyJ")
    assert page.run(SELECTED) == "fee"
    page.run("document.getElementById('theme').focus()")
    page.press("KeyJ")
    assert page.run(SELECTED) == "fee"


def test_focus_is_visible(page):
    page.press("Tab")
    assert page.run("document.activeElement.className") == "skip"
    assert page.run("document.activeElement.getBoundingClientRect().top") >= 0
    assert page.run("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_an_address_links_to_the_question_shown(chromium, report, page):
    page.choose("#filter-a", "1")
    page.choose("#filter-b", "2")
    page.run("document.querySelectorAll('.list li')[2].click()")
    address = page.run("location.hash")
    assert address == "#q=one%2Fpier&a=right&b=refuse"
    assert page.run("document.querySelector('.detail a').getAttribute('href')") == address
    chromium.open(report / "report.html", hash_=address)
    assert page.run(CARDS) == ["A. right", "B. refuse"]
    assert page.run(SELECTED) == "pier"
    page.run("location.hash = '#q=choices%2Fdogs&a=wrong'")
    page.wait("document.querySelector('.list').childElementCount === 2")
    assert page.run(CARDS) == ["A. wrong"]
    page.run("location.hash = '#q=no%2Fsuch'")
    assert page.run(SELECTED) == "dogs"


def test_evidence_and_citations_are_marked(chromium, report, page):
    chromium.open(report / "report.html", hash_="#q=one%2Fpump&a=right&b=wrong")
    gold = page.run("[...document.querySelectorAll('.passage mark.gold')].map(e => e.textContent).join('')")
    assert gold.startswith("The main pump moves 40 litres a second")  # after a letter of two UTF-16 units
    tags = page.run("[...document.querySelectorAll('.passage .tag')].map(e => e.textContent)")
    assert any("A1 cited by A" in tag for tag in tags)
    assert any("evidence" in tag for tag in tags)
    styles = "[...document.querySelectorAll('.passage mark')].map(e => getComputedStyle(e).textDecorationLine)"
    assert "underline" in page.run(styles)  # not by colour alone
    assert page.run("document.querySelector('.passage[open] summary').textContent.includes('evidence')")


def test_options_show_who_chose_them(page):
    page.run("document.querySelector('a[data-bench=choices]').click()")
    options = page.run("[...document.querySelectorAll('.options li')].map(e => e.textContent)")
    assert options == ["12 EUR ✓ rightchosen by A", "<b>7.30</b> chosen by B"]


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_phone_never_scrolls_sideways(chromium, report, tmp_path, language, dark):
    chromium.open(report.with_name(f"report-{language}") / "report.html", width=360, height=800, dark=dark)
    assert chromium.run("document.documentElement.scrollWidth") == 360
    chromium.run("document.querySelectorAll('details').forEach(e => e.open = true)")
    assert chromium.run("document.documentElement.scrollWidth") == 360
    paper = chromium.run("getComputedStyle(document.body).backgroundColor")
    assert paper == ("rgb(22, 26, 32)" if dark else "rgb(255, 255, 255)")
    tall = (
        "[...document.querySelectorAll('button, select, input')].filter(e => e.offsetHeight).map(e => e.offsetHeight)"
    )
    assert min(chromium.run(tall)) >= 24  # WCAG 2.2, 2.5.8
    chromium.screenshot(tmp_path / "page.png")
    assert (tmp_path / "page.png").read_bytes().startswith(b"\x89PNG")
    assert chromium.errors == []


def test_the_theme_is_saved(chromium, report, page):
    paper = "getComputedStyle(document.body).backgroundColor"
    ink = "getComputedStyle(document.querySelector('.picture text')).fill"
    before = page.run(ink)
    page.choose("#theme", "dark")
    assert page.run(paper) == "rgb(22, 26, 32)"
    assert page.run(ink) != before  # the plots too
    chromium.open(report / "report.html")
    assert page.run(paper) == "rgb(22, 26, 32)"
    page.choose("#theme", "auto")
    assert page.run(paper) == "rgb(255, 255, 255)"


def test_tables_and_plots_need_no_script(chromium, report):
    chromium.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        chromium.call("Page.navigate", url=f"file://{report / 'report.html'}")
        chromium.wait("document.readyState === 'complete' && location.protocol === 'file:'")
        assert chromium.run("document.querySelectorAll('table').length") > 5
        assert chromium.run("document.querySelectorAll('.picture svg').length") > 10
        assert "browser has to run its script" in chromium.run("document.querySelector('noscript').innerText")
        assert chromium.run("document.getElementById('browser').childElementCount") == 0
    finally:
        chromium.call("Emulation.setScriptExecutionDisabled", value=False)


def test_the_browser_has_the_language_of_the_page(chromium, report):
    chromium.open(report.with_name("report-ru") / "report.html")
    text = chromium.run("document.getElementById('answers').innerText")
    for word in ("тип вопроса", "Сбросить", "Эталонный ответ", "Показано: 5 из 5", "верно", "простой"):
        assert word in text
    assert not [word for word in ("Reset", "Shown", "kind", "right ·") if word in text]
