import pytest

from opora.errors import InputError
from opora.models.load import load_model
from opora.models.settings import ModelSettings
from opora.models.spec import ModelSpec, parse_spec


@pytest.mark.parametrize(
    ("spec", "parts"),
    [
        ("extractive", ModelSpec("extractive")),
        ("smollm2", ModelSpec("smollm2")),
        ("smollm2+train/raft", ModelSpec("smollm2", adapter="train/raft")),
        ("hf:Qwen/Qwen2.5-1.5B-Instruct", ModelSpec("hf", "Qwen/Qwen2.5-1.5B-Instruct")),
        ("hf:a/b@v1+train/x", ModelSpec("hf", "a/b", "v1", "train/x")),
        ("hf:/models/a+b", ModelSpec("hf", "/models/a", adapter="b")),
        ("openai:m@http://localhost:8000/v1", ModelSpec("openai", "m", url="http://localhost:8000/v1")),
        ("openai:org/m@x@https://h/v1", ModelSpec("openai", "org/m@x", url="https://h/v1")),
        ("fake", ModelSpec("fake")),
        ("fake:script.jsonl", ModelSpec("fake", "script.jsonl")),
    ],
)
def test_parts(spec, parts):
    assert parse_spec(spec) == parts


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("smolm2", "did you mean smollm2"),
        ("gpt-4", "model 'gpt-4' is unknown"),
        ("hf:", "hf:NAME-OR-PATH"),
        ("hf:a@", "hf:NAME-OR-PATH"),
        ("hf:a+", "hf:NAME-OR-PATH"),
        ("openai:m", "openai:MODEL@URL is expected"),
        ("smollm2:x", "is not of a known form"),
        ("", "is unknown"),
    ],
)
def test_a_wrong_spec_says_what_is_right(spec, message):
    with pytest.raises(InputError, match=message):
        parse_spec(spec)


def test_extractive_is_no_language_model():
    with pytest.raises(InputError, match="no language model"):
        load_model("extractive", ModelSettings())
