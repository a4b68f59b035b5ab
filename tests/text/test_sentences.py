import pytest

from opora.text.sentences import sentences

CASES = [
    ("ru", "Срок — 5 дней. Плата — 3 руб. в день.", ["Срок — 5 дней.", "Плата — 3 руб. в день."]),
    ("ru", "См. табл. 3 и рис. 4.", ["См. табл. 3 и рис. 4."]),
    ("ru", "И. И. Иванов ушёл в 18.30. Вернулся он в 19.", ["И. И. Иванов ушёл в 18.30.", "Вернулся он в 19."]),
    ("ru", "В 2023 г. построили дом. В 2024 г. сдали.", ["В 2023 г. построили дом.", "В 2024 г. сдали."]),
    ("ru", "ГОСТ 12.1.004-91. Пожарная безопасность.", ["ГОСТ 12.1.004-91.", "Пожарная безопасность."]),
    ("ru", "Он сказал: «Иди!» И ушёл.", ["Он сказал: «Иди!»", "И ушёл."]),
    ("ru", "Платят? Нет! Никогда…", ["Платят?", "Нет!", "Никогда…"]),
    ("ru", "  Без точки  ", ["Без точки"]),
    ("en", "Mr. Smith paid 3.5 EUR. He left.", ["Mr. Smith paid 3.5 EUR.", "He left."]),
    ("en", "It costs 5 EUR! Really? Yes.", ["It costs 5 EUR!", "Really?", "Yes."]),
    ("en", "First line\n\nSecond line", ["First line", "Second line"]),
    ("de", "Das ist z. B. gut. Ja.", ["Das ist z. B. gut.", "Ja."]),
    ("ja", "これは文です。次の文。", ["これは文です。", "次の文。"]),
    ("ru", "", []),
    ("en", " \n ", []),
]


@pytest.mark.parametrize(("language", "text", "expected"), CASES)
def test_sentences(language, text, expected):
    spans = sentences(text, language)
    assert [text[start:end] for start, end in spans] == expected
    assert spans == sorted(spans)
