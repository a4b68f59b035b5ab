"""A server that answers, delays, fails, lies and hangs up."""

import pytest

from opora.errors import ModelError
from opora.models.registry import load_model
from opora.models.settings import ModelSettings
from opora.records import Message


def ask(server, count=1, **more):
    settings = ModelSettings(**{"retries": 2, "timeout_s": 2.0, **more})
    chats = [[Message(role="user", content=f"q{n}")] for n in range(count)]
    seen = []
    model = load_model(f"openai:m@{server.url}", settings)
    return model.generate(chats, lambda number, _: seen.append(number)), seen


def test_answers_are_streamed_whole_and_in_order(server):
    completions, seen = ask(server, 5)
    assert [each.text for each in completions] == [f"answer to q{n}" for n in range(5)]
    assert (completions[0].prompt_tokens, completions[0].completion_tokens) == (7, 3)
    assert sorted(seen) == list(range(5))
    assert server.requests[0]["temperature"] == 0.0


@pytest.mark.parametrize("trouble", [429, 500, 503, "hang up", "truncate", "stall"])
def test_what_passes_is_tried_again(server, trouble):
    server.plan = [trouble]
    [completion], _ = ask(server, timeout_s=1.0)
    assert completion.text == "answer to q0"
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        ([500] * 9, "no"),
        (["hang up"] * 9, r"the answer broke off \(.*\), 2 times"),
        (["truncate"] * 9, r"the answer broke off \(.*\), 2 times"),
        (["no stream"] * 9, "the stream ended without a finish reason"),
        ([401], "refuses the key; set OPENAI_API_KEY"),
        ([404], "knows no such model or path"),
        ([429] * 9, "too many requests .*; lower concurrency"),
        (["hang"] * 9, r"no answer within 0.3 s, 2 times; raise timeout_s"),
        (["stall"] * 9, r"the answer broke off \(.*\), 2 times"),
    ],
)
def test_what_stays_is_one_line(server, plan, message):
    server.plan = plan
    with pytest.raises(ModelError, match=message) as caught:
        ask(server, timeout_s=0.3, retries=1)
    assert "\n" not in str(caught.value)


def test_never_more_at_once_than_allowed(server):
    server.delay = 0.05
    ask(server, 12, concurrency=3)
    assert server.most_at_once == 3


def test_what_was_answered_is_handed_over_before_a_failure(server):
    server.plan = ["answer", "answer", 401]
    seen = []
    model = load_model(f"openai:m@{server.url}", ModelSettings(retries=0, concurrency=1))
    with pytest.raises(ModelError):
        model.generate([[Message(role="user", content="?")]] * 9, lambda number, _: seen.append(number))
    assert seen == [0, 1]
    assert len(server.requests) < 9


def test_a_fault_of_the_caller_comes_through_as_it_is(server):
    def full_disk(number, completion):
        raise OSError("No space left on device")

    with pytest.raises(OSError, match="No space left"):
        load_model(f"openai:m@{server.url}", ModelSettings()).generate([[Message(role="user", content="?")]], full_disk)


@pytest.mark.parametrize(("given", "sent"), [("sk-1", "Bearer sk-1"), (None, "Bearer none")])
def test_the_key_comes_from_the_environment(server, monkeypatch, given, sent):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    if given:
        monkeypatch.setenv("OPENAI_API_KEY", given)
    ask(server)
    assert server.keys == [sent]


def test_a_server_that_is_not_there():
    with pytest.raises(ModelError, match="cannot be reached; start it, or correct the URL"):
        model = load_model("openai:m@http://127.0.0.1:9/v1", ModelSettings(retries=0))
        model.generate([[Message(role="user", content="?")]])


def test_logprobs_are_not_to_be_had(server):
    with pytest.raises(ModelError, match="use a local model"):
        load_model(f"openai:m@{server.url}", ModelSettings()).logprobs([], [])
