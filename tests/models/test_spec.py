import pytest

from opora.errors import InputError
from opora.models.registry import load_model
from opora.models.settings import ModelSettings
from opora.models.spec import MODELS, Spec, parse_spec
from opora.retrieval.embedders.registry import EMBEDDERS
from opora.retrieval.index.runners import RUNNERS
from opora.retrieval.rerankers.registry import RERANKERS
from opora.retrieval.store.registry import STORES
from opora.validation import RenamedSettingWarning


@pytest.mark.parametrize(
    ("spec", "parts"),
    [
        ("extractive", Spec("extractive")),
        ("smollm2", Spec("smollm2")),
        ("smollm2+train/raft", Spec("smollm2", adapter="train/raft")),
        ("hf:Qwen/Qwen2.5-1.5B-Instruct", Spec("hf", "Qwen/Qwen2.5-1.5B-Instruct")),
        ("hf:a/b@v1+train/x", Spec("hf", "a/b", "v1", "train/x")),
        ("hf:/models/a+b", Spec("hf", "/models/a", adapter="b")),
        ("openai:m@http://localhost:8000/v1", Spec("openai", "m", url="http://localhost:8000/v1")),
        ("openai:org/m@x@https://h/v1", Spec("openai", "org/m@x", url="https://h/v1")),
        ("openai:m+a@http://me:pass@h:1/v1", Spec("openai", "m+a", url="http://me:pass@h:1/v1")),
        ("scripted", Spec("scripted")),
        ("scripted:script.jsonl", Spec("scripted", "script.jsonl")),
    ],
)
def test_parts(spec, parts):
    assert parse_spec(spec) == parts


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("smolm2", r"did you mean smollm2\?"),
        ("SmolLM2+train/raft", r"did you mean smollm2\+train/raft\?"),
        ("scriptd:x.jsonl", r"did you mean scripted:x.jsonl\?"),
        ("Qwen/Qwen2.5-1.5B-Instruct", r"did you mean hf:Qwen/Qwen2.5-1.5B-Instruct\?"),
        ("http://localhost:8000/v1", r"did you mean openai:MODEL@http://localhost:8000/v1\?"),
        ("gpt-4", "model 'gpt-4' is unknown; forms: extractive, smollm2"),
        ("hf:", "hf:NAME-OR-PATH"),
        ("hf:a@", "hf:NAME-OR-PATH"),
        ("hf:a+", "hf:NAME-OR-PATH"),
        ("openai:m", "does not have the form openai:MODEL@URL, for example openai:qwen"),
        ("openai:m@localhost:8000", "the form openai:MODEL@URL"),
        ("openai:m@http://", "the form openai:MODEL@URL"),
        ("openai:@http://h/v1", "the form openai:MODEL@URL"),
        ("hfx", "is unknown"),
        ("smollm2:x", r"does not have the form smollm2\[\+ADAPTER\], for example smollm2\+train/raft"),
        ("openai/gpt-oss-20b", r"did you mean hf:openai/gpt-oss-20b\?"),
        ("", "is unknown"),
    ],
)
def test_the_error_of_a_wrong_spec_names_the_right_form(spec, message):
    with pytest.raises(InputError, match=message):
        parse_spec(spec)


@pytest.mark.parametrize(
    ("spec", "parts"),
    [
        ("hf:c++/m@1", Spec("hf", "c++/m@1")),
        ("hf:c++/m@1+train/a+b", Spec("hf", "c++/m@1", adapter="train/a+b")),
        ("hf:c++", Spec("hf", "c++")),
        ("hf:plain@v2+x", Spec("hf", "plain", "v2", "x")),
    ],
)
def test_the_path_of_an_existing_folder_may_contain_separators(spec, parts, tmp_path, monkeypatch):
    (tmp_path / "c++" / "m@1").mkdir(parents=True)
    (tmp_path / "plain").mkdir()
    monkeypatch.chdir(tmp_path)
    assert parse_spec(spec) == parts


@pytest.mark.parametrize("registry", [MODELS, EMBEDDERS, RERANKERS, STORES, RUNNERS])
def test_examples_have_the_form_of_their_kind(registry):
    for kind, row in registry.kinds.items():
        assert registry.parse(row.example or kind).kind == kind


def test_an_old_name_is_accepted_with_a_warning():
    with pytest.warns(RenamedSettingWarning, match="model fake:a.jsonl is now scripted:a.jsonl"):
        assert parse_spec("fake:a.jsonl") == Spec("scripted", "a.jsonl")


def test_extractive_is_not_a_language_model():
    with pytest.raises(InputError, match="not a language model"):
        load_model("extractive", ModelSettings())
