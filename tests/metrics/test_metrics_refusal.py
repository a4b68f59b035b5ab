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
