import pytest

from opora.errors import InputError
from opora.retrieval.search.terms import correct_spelling, load_synonyms
from opora.text.search_terms import search_terms

KNOWN = {"директор": 1, "финансов": 2, "редактор": 1, "note": 1, "editor": 1, "2023": 1, "fee": 3}


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        (["директор"], ["директор"]),
        (["дериктор"], ["директор"]),
        (["финасов", "директор"], ["финансов", "директор"]),
        (["editer"], ["editor"]),
        (["noet"], ["note"]),
        (["директор", "дериктор"], ["директор"]),
        (["2024"], []),  # another number is no misspelling
        (["fe"], []),
        (["насос"], []),
        ([], []),
    ],
)
def test_misspelled_terms_are_corrected(terms, expected):
    assert correct_spelling(terms, KNOWN) == expected


FILE = """\
# Свои слова завода «Тополь»
декретный отпуск, отпуск по уходу за ребёнком, декрет

премия, бонус  # только денежные
СИЗ, средства индивидуальной защиты
бонус, скидка
laptop, ноутбук, портативный компьютер
ГОСТ 12.1.004-91, правила пожарной безопасности
"""


@pytest.fixture
def synonyms(tmp_path):
    (tmp_path / "synonyms.txt").write_text(FILE, encoding="utf-8")
    return load_synonyms(tmp_path / "synonyms.txt", "ru")


@pytest.mark.parametrize(
    ("question", "added"),
    [
        ("Кому платят премии?", "бонус"),
        ("Кому дают бонусы?", "премия скидка"),  # a word of two lines
        ("Когда начинается декрет?", "декретный отпуск уход ребенок"),
        ("Длится ли отпуск, если он декретный?", "уход ребенок декрет"),  # the words of a phrase in another order
        ("Когда начинается отпуск?", ""),  # half a phrase
        ("Где выдают средства защиты?", ""),
        ("Где выдают СИЗ?", "средства индивидуальной защиты"),
        ("Средства индивидуальной защиты, СИЗ", ""),  # everything is there
        ("Чей ноутбук?", "laptop портативный компьютер"),
        ("Чей laptop?", "ноутбук портативный компьютер"),
        ("О чём ГОСТ 12.1.004-91?", "правила пожарной безопасности"),
        ("", ""),
    ],
)
def test_expand(synonyms, question, added):
    assert synonyms.expand(search_terms(question, "ru")) == search_terms(added, "ru")


def test_added_terms_are_not_expanded(synonyms):
    assert "скидк" not in synonyms.expand(search_terms("премия", "ru"))


@pytest.mark.parametrize("text", ["", "\n\n", "# пусто\n", "\ufeff# пусто"])
def test_a_file_without_synonyms(tmp_path, text):
    (tmp_path / "s.txt").write_text(text, encoding="utf-8")
    assert load_synonyms(tmp_path / "s.txt", "ru").expand(["а"]) == []


def test_a_byte_order_mark_is_ignored(tmp_path):
    (tmp_path / "s.txt").write_text("premium, bonus\r\nfine, penalty\r\n", encoding="utf-8-sig")
    assert load_synonyms(tmp_path / "s.txt", "en").expand(["premium"]) == ["bonus"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("премия, бонус\nштраф\n", r"s\.txt:2: 'штраф' is a single phrase"),
        ("штраф, штрафы", r"s\.txt:1: 'штраф, штрафы' is a single phrase"),  # forms of a word are one term
        ("# слова\nпремия, что и как", r"s\.txt:2: 'что и как' has only stop words"),
        ("премия, 😀", r"s\.txt:1: '😀' has only stop words"),
        (b"\xef\xf0\xe5\xec\xe8\xff, x", r"s\.txt: not UTF-8 at byte 0; save"),
        (None, r"s\.txt: cannot be read \(No such file"),
    ],
)
def test_faults(tmp_path, content, message):
    if content is not None:
        (tmp_path / "s.txt").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputError, match=message):
        load_synonyms(tmp_path / "s.txt", "ru")
