import pytest

from opora.errors import InputError
from opora.models.registry import load_model
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
        ("openai:m+a@http://me:pass@h:1/v1", ModelSpec("openai", "m+a", url="http://me:pass@h:1/v1")),
        ("fake", ModelSpec("fake")),
        ("fake:script.jsonl", ModelSpec("fake", "script.jsonl")),
    ],
)
def test_parts(spec, parts):
    assert parse_spec(spec) == parts


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("smolm2", r"did you mean smollm2\?"),
        ("SmolLM2+train/raft", r"did you mean smollm2\+train/raft\?"),
        ("fakee:x.jsonl", r"did you mean fake:x.jsonl\?"),
        ("Qwen/Qwen2.5-1.5B-Instruct", r"did you mean hf:Qwen/Qwen2.5-1.5B-Instruct\?"),
        ("http://localhost:8000/v1", r"did you mean openai:MODEL@http://localhost:8000/v1\?"),
        ("gpt-4", "model 'gpt-4' is unknown; forms: extractive, smollm2"),
        ("hf:", "hf:NAME-OR-PATH"),
        ("hf:a@", "hf:NAME-OR-PATH"),
        ("hf:a+", "hf:NAME-OR-PATH"),
        ("openai:m", "openai:MODEL@URL is expected"),
        ("openai:m@localhost:8000", "openai:MODEL@URL is expected"),
        ("openai:m@http://", "openai:MODEL@URL is expected"),
        ("openai:@http://h/v1", "openai:MODEL@URL is expected"),
        ("hfx", "is unknown"),
        ("smollm2:x", "is not of a known form"),
        ("", "is unknown"),
    ],
)
def test_a_wrong_spec_says_what_is_right(spec, message):
    with pytest.raises(InputError, match=message):
        parse_spec(spec)


@pytest.mark.parametrize(
    ("spec", "parts"),
    [
        ("hf:c++/m@1", ModelSpec("hf", "c++/m@1")),
        ("hf:c++/m@1+train/a+b", ModelSpec("hf", "c++/m@1", adapter="train/a+b")),
        ("hf:c++", ModelSpec("hf", "c++")),
        ("hf:plain@v2+x", ModelSpec("hf", "plain", "v2", "x")),
    ],
)
def test_a_folder_that_exists_may_hold_any_sign(spec, parts, tmp_path, monkeypatch):
    (tmp_path / "c++" / "m@1").mkdir(parents=True)
    (tmp_path / "plain").mkdir()
    monkeypatch.chdir(tmp_path)
    assert parse_spec(spec) == parts


def test_extractive_is_no_language_model():
    with pytest.raises(InputError, match="no language model"):
        load_model("extractive", ModelSettings())
