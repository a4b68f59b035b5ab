import pytest

from opora.metrics.refusal import is_refusal


@pytest.mark.parametrize(
    ("text", "language", "refused"),
    [
        ("The documents do not contain an answer to this question.", "en", True),
        ("Sorry, I don’t know.", "en", True),
        ("the documents DO NOT contain that", "en", True),
        ("The fee is 12 EUR.", "en", False),
        ("The tank does not contain water.", "en", False),
        ("The fee is 12 EUR. " + "So it is. " * 20 + "I do not know more.", "en", False),
        ("The fee is 12 EUR. The documents do not specify when it is due.", "en", False),
        ("I am sorry. The documents do not mention a fee.", "en", True),
        ("Плата — 12 евро. В документах не указано, когда платить.", "ru", False),
        ("К сожалению, я не знаю. Спросите в порту.", "ru", True),
        ("Не могу ответить: в отрывках этого нет.", "ru", True),
        ("", "en", True),
        ("...", "en", True),
        ("В документах нет ответа на этот вопрос.", "ru", True),
        ("К сожалению, в отрывках нет информации об этом.", "ru", True),
        ("The documents do not contain an answer to this question.", "ru", True),
        ("Срок — пять дней.", "ru", False),
        ("Нет, срок — пять дней, а не шесть.", "ru", False),
    ],
)
def test_is_refusal(text, language, refused):
    assert is_refusal(text, language) is refused
