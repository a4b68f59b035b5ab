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
        ("In the passages given to me no such figure is mentioned in the text.", "en", False),
        ("How this is done is not described in the documents.", "en", True),
        ("Sorry, but the weight of this type is not given anywhere.", "en", True),
        ("It is not given to guests in winter.", "en", False),
        ("The tank is not described in the order of 2019.", "en", False),
        ("Passage [1] gives no instruction for such a case.", "en", True),
        ("Rate and maturity are not disclosed in the documents provided [1].", "en", True),
        ("I could not find a date for that.", "en", True),
        ("Сведений о стоимости работ в предоставленных материалах нет.", "ru", True),
        ("Ответа на этот вопрос в доступных текстах я не нашёл.", "ru", True),
        ("Увы, документы об этом молчат.", "ru", True),
        ("В отрывке [1] об этом ничего не сказано.", "ru", True),
        ("Имён этих людей в документах нет, так что ответить нельзя.", "ru", True),
        ("Нет, в договоре указан срок пять дней.", "ru", False),
        ("В документах на груз нет штампа: это нарушение.", "ru", False),
        ("Пропуск не дают тем, кто не указан в списке.", "ru", False),
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
