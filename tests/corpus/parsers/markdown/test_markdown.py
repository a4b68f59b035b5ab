import pytest

from opora.corpus.parsers.registry import parse_document


def read(text, name="a.md"):
    return parse_document(text.encode(), name, 10**6)


CASES = [
    ("Регламент\n=========\n\nОтпуск\n------\n\nТекст.", "# Регламент\n\n## Отпуск\n\nТекст."),
    ("# Регламент дежурств {#top .big}\n\nТекст.", "# Регламент дежурств\n\nТекст."),
    ("Абзац в две\nстроки над чертой.\n---\n\nТекст.", "Абзац в две строки над чертой.\n\nТекст."),
    ("- Граждане\n    - паспорт\n        - копия\n- Фирмы", "- Граждане\n  - паспорт\n    - копия\n- Фирмы"),
    ("3) раз\n4) два", "3) раз\n4) два"),
    ("См. [правила](https://example.org/a_(b)) и ![схема](x.png)![](y.png).", "См. правила и схема."),
    ("См. [правила][1].\n\n[1]: https://example.org", "См. правила."),
    ("[Продавец]: фирма «Ромашка»", "[Продавец]: фирма «Ромашка»"),
    ("Ключ **у завхоза** и `config.yaml` ~~нет~~ \\# так", "Ключ у завхоза и config.yaml нет # так"),
    ("раз<br>два <b>три</b> <!-- нет --> четыре", "раз\nдва три четыре"),
    ("Срок[^1] важен.\n\n[^1]: Пять дней\n    со дня приказа.", "Срок[^1] важен.\n\n[^1] Пять дней со дня приказа."),
    ("::: note\nКлюч у завхоза.\n:::", "Ключ у завхоза."),
    ('!!! warning "Внимание"\n    Отключите насос.', "Внимание\n\nОтключите насос."),
    ("Для {{ firm }} {% if a %}есть{% endif %} ключ `{{ key }}`.", "Для есть ключ {{ key }}."),
    ("| a | b |\n|---|---|\n| 1 | **2** |", "| a | b |\n|---|---|\n| 1 | 2 |"),
    ("```yaml\na:\n  b: 1 # c\n```", "```\na:\n  b: 1 # c\n```"),
    ("    port: 8080\n      x: {1}", "```\nport: 8080\n  x: {1}\n```"),
    ("    Абзац с отступом, который его автор поставил по привычке к красной строке.",
     "Абзац с отступом, который его автор поставил по привычке к красной строке."),
    ("<h2 align=center>Ключи</h2>\n\n<p>Ключ у <b>завхоза</b>.</p>", "## Ключи\n\nКлюч у завхоза."),
    ("<table>\n<tr><th>a</th><th>b</th></tr>\n\n<tr><td>1</td><td>2</td></tr>\n</table>",
     "| a | b |\n|---|---|\n| 1 | 2 |"),
    ("<script>alert(1)</script>\n\n<style>p {}</style>\n\nТекст.", "Текст."),
    ("\\| не таблица |", "\\| не таблица |"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "expected"), CASES)
def test_markdown(source, expected):
    assert read(source).text == expected


def test_front_matter_gives_title_and_metadata():
    parsed = read(
        "---\ntitle: Методы Web API\ndate: 2024-05-01\ntags: [a, b]\ndraft: false\n---\n\nТекст методов Web API."
    )
    assert (parsed.title, parsed.metadata) == ("Методы Web API", {"date": "2024-05-01", "draft": False})
    assert parsed.text == "Текст методов Web API."
    assert read('+++\ntitle = "Методы API"\n+++\nТекст.').title == "Методы API"


@pytest.mark.parametrize("source", ["---\na: [\n---\n\nТекст.", "---\na: *x\n---\nТекст.", "+++\na = \n+++\n\nТекст."])
def test_broken_front_matter(source):
    assert read(source).text.endswith("Текст.")


def test_a_heading_is_never_longer_than_a_line():
    assert read("# " + "слово " * 100).text.startswith("слово")


def test_markdown_inside_html():
    source = '<table markdown="block">\n<tr><th markdown="block">\n\n**Срок**\n\n</th>'
    source += '<td markdown="block">\n\n`5` дней\n</td></tr>\n'
    source += '<tr><td markdown="block">\n**Цена**\n</td><td>12</td></tr>\n</table>'
    assert read(source).text == "| Срок | 5 дней |\n|---|---|\n| Цена | 12 |"


@pytest.mark.parametrize(
    "source", ["> " * 5000 + "a", "- " * 3000 + "a", "[" * 20_000, "*a_ " * 20_000, "<div>" * 3000]
)
def test_hostile_nesting(source):
    read(f"Текст.\n\n{source}\n\nКонец.")
