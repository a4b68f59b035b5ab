"""Questions that cannot be answered are errors; old names of settings are accepted."""

import re

import pytest

from opora.answer.answerer import ModelAnswerer, RetrievedQuestion, check_question
from opora.answer.settings import AskSettings
from opora.errors import InputError
from opora.models.base import BatchModel, Completion
from opora.records import Hit
from opora.retrieval.query import MAX_QUESTION_CHARS
from opora.validation import RenamedSettingWarning
from tests.factories import make_ferry_passages


@pytest.mark.parametrize(
    ("question", "message"),
    [(" \n", "the question is empty"), ("a" * (MAX_QUESTION_CHARS + 1), f"the maximum is {MAX_QUESTION_CHARS}")],
)
def test_empty_and_long_questions_are_errors(question, message):
    with pytest.raises(InputError, match=message):
        check_question(question)


def test_the_old_name_of_min_support_is_accepted():
    with pytest.warns(RenamedSettingWarning, match="threshold is now min_support"):
        assert AskSettings(threshold=0.3).min_support == 0.3


class OneAnswer(BatchModel):
    """A model that gives one completion to every chat."""

    spec = "one-answer"

    def __init__(self, completion):
        self.completion = completion

    def generate_batch(self, chats, on_completion):
        for number, _ in enumerate(chats):
            on_completion(number, self.completion)


def answer_to(text, **more):
    hits = tuple(Hit(passage=passage, rank=n) for n, passage in enumerate(make_ferry_passages(), 1))
    question = RetrievedQuestion("What is the fee?", "en", hits)
    [answer] = ModelAnswerer(OneAnswer(Completion(text=text, completion_tokens=20, **more))).answer([question])
    return answer


@pytest.mark.parametrize(
    "output",
    [
        "The fee is 12 EUR [1].",
        "The fee is 12 EUR【1】.",
        "<think>Passage 1 says it [2].</think>The fee is 12 EUR [1].",
        "It starts in the prompt [2].</think>\n\nThe fee is 12 EUR [1].",
        "The fee is 12 EUR [1].<thinking>Is it cut",
    ],
)
def test_answers_in_the_forms_that_models_use(output):
    answer = answer_to(output)
    assert answer.text == "The fee is 12 EUR [1]."
    assert [citation.marker for citation in answer.citations] == [1]
    assert (answer.raw, answer.warnings) == (output, ())


@pytest.mark.parametrize(
    ("completion", "text", "warning"),
    [
        ({"text": ""}, "", "wrote nothing"),
        ({"text": "<think>Let me see", "finish_reason": "length"}, "", "was still thinking.* limit of 20 tokens"),
        ({"text": "The fee is", "finish_reason": "length"}, "The fee is", "ended within .*raise ask.generation"),
    ],
)
def test_empty_and_cut_answers_are_explained(completion, text, warning):
    answer = answer_to(**completion)
    assert (answer.text, answer.refused, len(answer.warnings)) == (text, False, 1)
    assert re.search(warning, answer.warnings[0])
