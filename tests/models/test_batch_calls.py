"""A caller that has a say in each call hears of each chat by itself, whatever the model is."""

import pytest

from opora.errors import InputError, ModelError
from opora.models.backends.scripted import FakeModel
from opora.models.batch_calls import Calls
from opora.models.registry import load_model
from opora.models.settings import ModelSettings
from opora.records import Message


class Heard(Calls):
    def __init__(self, forbidden=()):
        self.forbidden, self.completions, self.failures, self.attempts, self.charged = forbidden, {}, {}, [], []

    def may_send(self, number):
        self.attempts.append(number)
        return number not in self.forbidden

    def lost(self, number, charged):
        self.charged.append(charged)

    def answered(self, number, completion):
        self.completions[number] = completion.text

    def failed(self, number, error):
        self.failures[number] = str(error)


def chats(count):
    return [[Message(role="user", content=f"q{number}")] for number in range(count)]


class Narrow(FakeModel):
    """A prompt of two letters does not fit, and with it none does."""

    def generate(self, chats, on_completion=None):
        if any(chat[0].content == "q1" for chat in chats):
            raise InputError("q1 does not fit")
        return super().generate(chats, on_completion)


def test_a_chat_that_fails_locally_leaves_the_others():
    heard = Heard(forbidden={3})
    Narrow([("q", "yes")]).generate_each(chats(4), heard)
    assert heard.completions == {0: "yes", 2: "yes"}
    assert heard.failures == {1: "q1 does not fit"}
    assert heard.charged == [False]


@pytest.mark.parametrize(
    ("trouble", "charged"), [(429, [False] * 2), (500, [True] * 2), ("hang up", [True] * 2), (422, [False])]
)
def test_a_chat_that_fails_at_a_server_leaves_the_others(server, trouble, charged):
    server.plan = ["answer", *([trouble] * len(charged))]
    heard = Heard()
    model = load_model(f"openai:m@{server.url}", ModelSettings(retries=1, concurrency=1, timeout_s=5.0))
    model.generate_each(chats(4), heard)
    assert set(heard.completions) == {0, 2, 3}
    assert list(heard.failures) == [1]
    assert heard.charged == charged


def test_an_attempt_may_be_forbidden(server):
    server.plan = [500]
    heard = Heard()
    heard.may_send = lambda number: not heard.charged
    load_model(f"openai:m@{server.url}", ModelSettings(retries=3, concurrency=1)).generate_each(chats(3), heard)
    assert (heard.completions, heard.failures, len(server.requests)) == ({}, {}, 1)


def test_what_concerns_all_is_raised(server):
    server.plan = [401]
    with pytest.raises(ModelError, match="refuses the key"):
        load_model(f"openai:m@{server.url}", ModelSettings(concurrency=1)).generate_each(chats(3), Heard())
