"""A server that answers, delays, fails, lies and hangs up."""

import time
from email.utils import formatdate
from types import SimpleNamespace

import openai
import pytest

from opora.errors import ModelError
from opora.models.backends.openai import pause_s
from opora.models.registry import load_model
from opora.models.settings import ModelSettings
from opora.records import Message


def ask(server, count=1, **more):
    settings = ModelSettings(**{"retries": 2, "timeout_s": 2.0, **more})
    chats = [[Message(role="user", content=f"q{n}")] for n in range(count)]
    seen = []
    model = load_model(f"openai:m@{server.url}", settings)
    return model.generate(chats, lambda number, _: seen.append(number)), seen


def test_answers_are_complete_and_in_order(server):
    completions, seen = ask(server, 5)
    assert [completion.text for completion in completions] == [f"answer to q{n}" for n in range(5)]
    assert (completions[0].prompt_tokens, completions[0].completion_tokens) == (7, 3)
    assert sorted(seen) == list(range(5))
    assert server.requests[0]["temperature"] == 0.0


@pytest.mark.parametrize("trouble", [429, 500, 503, "hang up", "truncate", "stall"])
def test_a_temporary_failure_is_retried(server, trouble):
    server.plan = [trouble]
    [completion], _ = ask(server, timeout_s=1.0)
    assert completion.text == "answer to q0"
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        ([500] * 9, "no"),
        (["hang up"] * 9, r"the answer broke off \(.*\), 2 attempts"),
        (["truncate"] * 9, r"the answer broke off \(.*\), 2 attempts"),
        (["no stream"] * 9, "the stream ended without a finish reason"),
        ([401], "rejects the key; set OPENAI_API_KEY"),
        ([404], "has no such model or path"),
        ([429] * 9, "too many requests .*; lower concurrency"),
        (["hang"] * 9, r"no answer within 0.3 s, 2 attempts; raise timeout_s"),
        (["stall"] * 9, r"the answer broke off \(.*\), 2 attempts"),
    ],
)
def test_a_lasting_failure_is_one_line(server, plan, message):
    server.plan = plan
    with pytest.raises(ModelError, match=message) as caught:
        ask(server, timeout_s=0.3, retries=1)
    assert "\n" not in str(caught.value)


def test_concurrency_limits_parallel_requests(server):
    server.delay = 0.05
    ask(server, 12, concurrency=3)
    assert server.most_at_once == 3


def test_answers_are_handed_over_before_a_failure(server):
    server.plan = ["answer", "answer", 401]
    seen = []
    model = load_model(f"openai:m@{server.url}", ModelSettings(retries=0, concurrency=1))
    with pytest.raises(ModelError):
        model.generate([[Message(role="user", content="?")]] * 9, lambda number, _: seen.append(number))
    assert seen == [0, 1]
    assert len(server.requests) < 9


def test_an_error_of_the_caller_is_not_changed(server):
    def full_disk(number, completion):
        raise OSError("No space left on device")

    with pytest.raises(OSError, match="No space left"):
        load_model(f"openai:m@{server.url}", ModelSettings()).generate([[Message(role="user", content="?")]], full_disk)


@pytest.mark.parametrize(("key", "header"), [("sk-1", "Bearer sk-1"), (None, "Bearer none")])
def test_the_key_comes_from_the_environment(server, monkeypatch, key, header):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    if key:
        monkeypatch.setenv("OPENAI_API_KEY", key)
    ask(server)
    assert server.keys == [header]


def test_a_missing_server():
    with pytest.raises(ModelError, match="cannot be reached; start it, or correct the URL"):
        model = load_model("openai:m@http://127.0.0.1:9/v1", ModelSettings(retries=0))
        model.generate([[Message(role="user", content="?")]])


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "15"}, 15.0),
        ({"retry-after-ms": "12000"}, 12.0),
        ({"retry-after-ms": "500", "retry-after": "9"}, 0.5),
        ({"retry-after": "900"}, 120.0),
        ({"retry-after": "0"}, 0.05),
        ({"retry-after": "-3"}, 0.375),
        ({"retry-after": "soon"}, 0.375),
        ({}, 0.375),
    ],
)
def test_the_pause_that_a_server_asks_for_is_kept(headers, seconds):
    assert pause_s(rate_limit(headers), 0) == pytest.approx(seconds, abs=0.126 if seconds == 0.375 else 0)


def test_the_pause_may_be_a_date():
    date = formatdate(time.time() + 30, usegmt=True)
    assert 28 < pause_s(rate_limit({"retry-after": date}), 0) <= 30


def rate_limit(headers):
    response = SimpleNamespace(status_code=429, headers=headers, request=None)
    return openai.RateLimitError("rate limit", response=response, body=None)


def test_logprobs_are_not_supported(server):
    with pytest.raises(ModelError, match="use a local model"):
        load_model(f"openai:m@{server.url}", ModelSettings()).logprobs([], [])
