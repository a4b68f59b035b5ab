"""A model that answers from a script."""

import pytest

from opora.errors import InputError
from opora.models.backends.scripted import DEFAULT, ScriptedModel
from opora.models.registry import load_model
from opora.models.settings import ModelSettings
from opora.records import Message


def chats(*texts):
    return [[Message(role="system", content="fee"), Message(role="user", content=text)] for text in texts]


def test_the_first_match_in_the_last_message_answers(tmp_path):
    script = tmp_path / "script.jsonl"
    script.write_text('{"match": "fee|плата", "answer": "12 EUR"}\n{"match": "f", "answer": "no"}\n', encoding="utf-8")
    model = load_model(f"scripted:{script}", ModelSettings())
    seen = []
    completions = model.generate(chats("The FEE?", "of", "Какова плата?", "x"), lambda n, c: seen.append((n, c.text)))
    assert [completion.text for completion in completions] == ["12 EUR", "no", "12 EUR", DEFAULT]
    assert seen == list(enumerate(completion.text for completion in completions))
    assert (completions[0].prompt_tokens, completions[0].completion_tokens) == (3, 2)
    assert model.calls == 4


def test_the_revision_is_that_of_the_script():
    assert (
        ScriptedModel([("a", "b")]).revision
        == ScriptedModel([("a", "b")]).revision
        != ScriptedModel([("a", "c")]).revision
    )


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ('{"match": "a"}', r"s.jsonl:1: the keys are match; match and answer are expected"),
        ('{"match": "(", "answer": "b"}', r"s.jsonl:1: match is not a regular expression"),
        ("{", r"s.jsonl:1:\d+: "),
    ],
)
def test_a_wrong_script_is_named_by_file_and_line(tmp_path, row, message):
    (tmp_path / "s.jsonl").write_text(row)
    with pytest.raises(InputError, match=message):
        load_model(f"scripted:{tmp_path / 's.jsonl'}", ModelSettings())


def test_a_script_that_is_not_there():
    with pytest.raises(InputError, match="no such file"):
        load_model("scripted:nowhere.jsonl", ModelSettings())
