"""Questions that cannot be answered are errors; old names of settings are accepted."""

import pytest

from opora.answer.answerer import check_question
from opora.answer.settings import AskSettings
from opora.errors import InputError
from opora.retrieval.query import MAX_QUESTION_CHARS
from opora.validation import RenamedSettingWarning


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
