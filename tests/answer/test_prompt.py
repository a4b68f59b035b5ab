"""Prompts, and answers that are formatted and parsed."""

import pytest

from opora.answer.prompt import AnswerForm, build_chat, format_answer, parse_answer, prompt_hashes
from opora.records import Passage

PASSAGE = Passage(
    id="d-0", document_id="d", text="| A | 1 |", start=0, end=9, heading=("Rules", "Fees"),
    table_header="| Name | Fee |", metadata={"title": "Rules", "source": "rules.md"},
)  # fmt: skip


def test_passages_come_first_and_the_question_last():
    system, user = build_chat("What is {{ the }} fee?", [PASSAGE, PASSAGE], "en")
    assert user.content == (
        "[1] Rules > Fees\n| Name | Fee |\n| A | 1 |\n\n[2] Rules > Fees\n| Name | Fee |\n| A | 1 |\n\n"
        "Question: What is {{ the }} fee?"
    )
    assert "The documents do not contain an answer to this question." in system.content


@pytest.mark.parametrize(("language", "word"), [("ru", "Вопрос: "), ("en", "Question: "), ("de", "Question: ")])
def test_the_prompt_has_the_language_of_the_question(language, word):
    assert word in build_chat("?", [PASSAGE], language)[1].content


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize(
    "form",
    [
        AnswerForm("It is 1. [1]"),
        AnswerForm("It is 1. [1]", (("| A | 1 |", 1),)),
        AnswerForm("Это 1. [1] [2]", (('Фирма "Лёд" платит 1.', 1), ("«Лёд» платит.", 2))),
    ],
)
def test_formatted_answers_are_parsed(form, language):
    assert parse_answer(format_answer(form, language)) == form


@pytest.mark.parametrize(
    ("output", "form"),
    [
        ("Just text.", AnswerForm("Just text.")),
        ("Answer: text", AnswerForm("text")),
        ("I think so.\nAnswer: text", AnswerForm("text")),
        ('Quote: "a" \nAnswer: text', AnswerForm("text", (("a", None),))),
        ("Цитата: «а» [2]\nОтвет: б", AnswerForm("б", (("а", 2),))),
        ("Quote: no marks\nAnswer: b", AnswerForm("b")),
        ("", AnswerForm("")),
    ],
)
def test_outputs_are_parsed(output, form):
    assert parse_answer(output) == form


def test_every_prompt_has_a_hash():
    assert set(prompt_hashes()) == {"answer.en", "answer.ru"}
