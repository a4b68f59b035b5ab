"""Failures of single chats, for local models and servers."""

import pytest

from opora.errors import InputError, ModelError
from opora.models.backends.scripted import ScriptedModel
from opora.models.registry import load_model
from opora.models.settings import ModelSettings
from opora.records import Message


class Calls:
    """Records what happens to each chat. `may_retry` is the answer to every failed attempt."""

    def __init__(self, may_retry=True):
        self.may_retry, self.completions, self.failures, self.is_charged = may_retry, {}, {}, []

    def on_completion(self, index, completion):
        self.completions[index] = completion.text

    def on_error(self, index, error):
        self.is_charged.append(error.is_charged)
        if not error.can_retry:
            self.failures[index] = str(error)
        return self.may_retry

    def generate(self, model, chats):
        return model.generate(chats, self.on_completion, self.on_error)


def chats(count):
    return [[Message(role="user", content=f"q{number}")] for number in range(count)]


class Narrow(ScriptedModel):
    """Model whose context is too small for the chat `q1`."""

    def generate_batch(self, chats, on_completion):
        if any(chat[0].content == "q1" for chat in chats):
            raise InputError("q1 does not fit")
        super().generate_batch(chats, on_completion)


def test_a_chat_that_fails_locally_leaves_the_rest():
    calls = Calls()
    completions = calls.generate(Narrow([("q", "yes")]), chats(3))
    assert calls.completions == {0: "yes", 2: "yes"}
    assert [completion.text for completion in completions] == ["yes", "yes"]
    assert calls.failures == {1: "q1 does not fit"}
    assert calls.is_charged == [False]


def test_a_local_failure_is_raised_without_a_callback():
    with pytest.raises(InputError, match="q1 does not fit"):
        Narrow([("q", "yes")]).generate(chats(3))


@pytest.mark.parametrize(
    ("trouble", "is_charged"), [(429, [False] * 2), (500, [True] * 2), ("hang up", [True] * 2), (422, [False])]
)
def test_a_chat_that_fails_at_a_server_leaves_the_rest(server, trouble, is_charged):
    server.plan = ["answer", *([trouble] * len(is_charged))]
    calls = Calls()
    model = load_model(f"openai:m@{server.url}", ModelSettings(retries=1, concurrency=1, timeout_s=5.0))
    calls.generate(model, chats(4))
    assert set(calls.completions) == {0, 2, 3}
    assert list(calls.failures) == [1]
    assert calls.is_charged == is_charged


def test_a_retry_may_be_forbidden(server):
    server.plan = [500]
    calls = Calls(may_retry=False)
    model = load_model(f"openai:m@{server.url}", ModelSettings(retries=3, concurrency=1))
    calls.generate(model, chats(2))
    assert (calls.completions, calls.failures, len(server.requests)) == ({1: "answer to q1"}, {}, 2)


def test_an_iterator_of_chats_is_read_when_a_slot_is_free(server):
    completed = []

    def source():
        for number, chat in enumerate(chats(4)):
            assert len(completed) >= number - 1  # at most two requests are open
            yield chat

    model = load_model(f"openai:m@{server.url}", ModelSettings(concurrency=2))
    completions = model.generate(source(), lambda index, _: completed.append(index))
    assert [completion.text for completion in completions] == [f"answer to q{number}" for number in range(4)]


def test_an_error_that_concerns_all_chats_is_raised(server):
    server.plan = [401]
    with pytest.raises(ModelError, match="rejects the key"):
        Calls().generate(load_model(f"openai:m@{server.url}", ModelSettings(concurrency=1)), chats(3))
