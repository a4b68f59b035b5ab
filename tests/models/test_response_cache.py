"""A prompt is answered once: across calls, across processes, for every setting that changes the answer."""

import pytest

from opora.artifacts import Journal
from opora.models.backends.scripted import FakeModel
from opora.models.response_cache import Remembered
from opora.models.settings import ModelSettings
from opora.records import Message


class Counting(FakeModel):
    """Answers with the question, and keeps what it was asked."""

    def __init__(self, spec, settings):
        super().__init__([], spec)
        self.asked = []

    def generate(self, chats, on_completion=None):
        self.asked += [chat[-1].content for chat in chats]
        return super().generate(chats, on_completion)


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


def test_each_prompt_once_in_order_of_its_text(journal, load, opened):
    model = Remembered("fake", ModelSettings(), journal, load=load)
    told = {}
    first = model.generate([chat("b"), chat("a"), chat("b")], lambda n, completion: told.update({n: completion}))
    assert opened[0].asked == ["a", "b"]
    assert [told[n] for n in range(3)] == first
    assert first[0] == first[2]
    again = model.generate([chat("c"), chat("b")])
    assert opened[0].asked == ["a", "b", "c"]
    assert again[1] == first[0]


def test_a_model_that_knows_all_is_not_loaded(journal, load, opened):
    Remembered("fake", ModelSettings(), journal, load=load).generate([chat("a")])
    Remembered("fake", ModelSettings(batch_size=1, concurrency=3), journal, load=load).generate([chat("a")])
    assert len(opened) == 1


@pytest.mark.parametrize("change", [{"max_new_tokens": 9}, {"temperature": 0.5}, {"seed": 3}, {"quantization": "int8"}])
def test_what_changes_the_answer_is_asked_anew(journal, load, opened, change):
    Remembered("fake", ModelSettings(), journal, load=load).generate([chat("a")])
    Remembered("fake", ModelSettings(**change), journal, load=load).generate([chat("a")])
    assert len(opened) == 2


def test_another_model_is_asked_anew(journal, load, opened, tmp_path):
    (tmp_path / "s.jsonl").write_text("")
    for spec in ("fake", f"fake:{tmp_path}/s.jsonl", "openai:m@http://a/v1", "openai:m@http://b/v1"):
        Remembered(spec, ModelSettings(), journal, load=load).generate([chat("a")])
    assert len(opened) == 4


def test_what_was_written_before_a_failure_is_kept(journal, load, opened):
    def breaking(spec, settings):
        model = load(spec, settings)
        generate = model.generate

        def broken(chats, on_completion):
            generate(chats[:2], on_completion)
            raise RuntimeError("the server is gone")

        model.generate = broken
        return model

    with pytest.raises(RuntimeError):
        Remembered("fake", ModelSettings(), journal, load=breaking).generate([chat("a"), chat("b"), chat("c")])
    Remembered("fake", ModelSettings(), journal, load=load).generate([chat("a"), chat("b"), chat("c")])
    assert opened[-1].asked == ["c"]


def test_logprobs_are_kept_too(journal, load, opened):
    model = Remembered("fake", ModelSettings(batch_size=2), journal, load=load)
    pairs = [("a", "x"), ("a", "xy"), ("b", "x"), ("a", "x")]
    chats, texts = [chat(one) for one, _ in pairs], [text for _, text in pairs]
    values = model.logprobs(chats, texts)
    assert values == FakeModel([]).logprobs(chats, texts)
    asked = len(opened[0].asked)
    assert asked == 3
    assert model.logprobs(chats[::-1], texts[::-1]) == values[::-1]
    assert len(opened[0].asked) == asked
