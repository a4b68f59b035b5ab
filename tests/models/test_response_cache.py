"""A prompt is generated once: across calls and processes, per value of the settings that change the answer."""

import pytest

from opora.artifacts import Journal
from opora.models.backends.scripted import ScriptedModel
from opora.models.response_cache import CachedModel
from opora.models.settings import ModelSettings
from opora.records import Message


class Counting(ScriptedModel):
    """Model that records its prompts."""

    def __init__(self, spec, settings):
        super().__init__([], spec)
        self.prompts = []

    def generate_batch(self, chats, on_completion):
        self.prompts += [chat[-1].content for chat in chats]
        super().generate_batch(chats, on_completion)


def chat(text):
    return [Message(role="user", content=text)]


@pytest.fixture
def journal(tmp_path):
    with Journal(tmp_path / "completions.sqlite") as journal:
        yield journal


@pytest.fixture
def opened():
    return []


@pytest.fixture
def load(opened):
    def load(spec, settings):
        opened.append(Counting(spec, settings))
        return opened[-1]

    return load


def test_each_prompt_is_generated_once_in_order_of_its_text(journal, load, opened):
    model = CachedModel("scripted", ModelSettings(), journal, load=load)
    reported = {}
    first = model.generate([chat("b"), chat("a"), chat("b")], lambda n, completion: reported.update({n: completion}))
    assert opened[0].prompts == ["a", "b"]
    assert [reported[n] for n in range(3)] == first
    assert first[0] == first[2]
    again = model.generate([chat("c"), chat("b")])
    assert opened[0].prompts == ["a", "b", "c"]
    assert again[1] == first[0]


def test_no_model_is_loaded_if_all_answers_are_cached(journal, load, opened):
    CachedModel("scripted", ModelSettings(), journal, load=load).generate([chat("a")])
    CachedModel("scripted", ModelSettings(batch_size=1, concurrency=3), journal, load=load).generate([chat("a")])
    assert len(opened) == 1


@pytest.mark.parametrize("change", [{"max_new_tokens": 9}, {"temperature": 0.5}, {"seed": 3}, {"quantization": "int8"}])
def test_a_setting_that_changes_the_answer_is_part_of_the_key(journal, load, opened, change):
    CachedModel("scripted", ModelSettings(), journal, load=load).generate([chat("a")])
    CachedModel("scripted", ModelSettings(**change), journal, load=load).generate([chat("a")])
    assert len(opened) == 2


def test_each_model_has_its_own_answers(journal, load, opened, tmp_path):
    (tmp_path / "s.jsonl").write_text("")
    for spec in ("scripted", f"scripted:{tmp_path}/s.jsonl", "openai:m@http://a/v1", "openai:m@http://b/v1"):
        CachedModel(spec, ModelSettings(), journal, load=load).generate([chat("a")])
    assert len(opened) == 4


def test_answers_before_a_failure_are_kept(journal, load, opened):
    def breaking(spec, settings):
        model = load(spec, settings)
        generate = model.generate

        def broken(chats, on_completion):
            generate(chats[:2], on_completion)
            raise RuntimeError("the server is gone")

        model.generate = broken
        return model

    with pytest.raises(RuntimeError):
        CachedModel("scripted", ModelSettings(), journal, load=breaking).generate([chat("a"), chat("b"), chat("c")])
    CachedModel("scripted", ModelSettings(), journal, load=load).generate([chat("a"), chat("b"), chat("c")])
    assert opened[-1].prompts == ["c"]


def test_logprobs_are_cached_too(journal, load, opened):
    model = CachedModel("scripted", ModelSettings(batch_size=2), journal, load=load)
    pairs = [("a", "x"), ("a", "xy"), ("b", "x"), ("a", "x")]
    chats, texts = [chat(prompt) for prompt, _ in pairs], [text for _, text in pairs]
    values = model.logprobs(chats, texts)
    assert values == ScriptedModel([]).logprobs(chats, texts)
    count = len(opened[0].prompts)
    assert count == 3
    assert model.logprobs(chats[::-1], texts[::-1]) == values[::-1]
    assert len(opened[0].prompts) == count
