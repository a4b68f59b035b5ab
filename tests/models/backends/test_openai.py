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


def names(field):
    """A complaint about a field, as FastAPI words it."""
    detail = {"detail": [{"loc": ["body", field], "msg": "Extra inputs are not permitted"}]}
    return lambda path, body: (422, detail) if field in body else None


def renamed(path, body):
    message = (
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
    )
    return (400, {"error": {"message": message}}) if "max_tokens" in body else None


def without_system(path, body):
    has_system = any(message["role"] == "system" for message in body["messages"])
    return (400, {"object": "error", "message": "System role not supported", "code": 400}) if has_system else None


def without_stream(path, body):
    return (400, {"error": {"message": "Streaming is not supported by this deployment"}}) if "stream" in body else None


def only_v1(path, body):
    return None if path == "/v1/chat/completions" else (404, {"detail": "Not Found"})


@pytest.mark.parametrize(
    ("complaint", "note", "check"),
    [
        (names("stream_options"), "stream_options; left out", lambda body: "stream_options" not in body),
        (names("seed"), "does not accept seed", lambda body: "seed" not in body and "temperature" in body),
        (names("temperature"), "does not accept temperature", lambda body: "temperature" not in body),
        (names("max_tokens"), "does not accept max_tokens", lambda body: "max_tokens" not in body),
        (renamed, "wants max_completion_tokens", lambda body: body["max_completion_tokens"] == 160),
        (without_stream, "does not stream", lambda body: "stream" not in body),
        (
            without_system,
            "does not accept the system role",
            lambda body: body["messages"] == [{"role": "user", "content": "Be brief.\n\nq"}],
        ),
    ],
)
def test_what_a_server_refuses_is_left_out_and_remembered(server, capsys, complaint, note, check):
    server.complaint = complaint
    chat = [Message(role="system", content="Be brief."), Message(role="user", content="q")]
    spec = f"openai:m@{server.url}"
    for _ in range(2):
        [completion] = load_model(spec, ModelSettings(retries=0)).generate([chat])
        assert completion.text.endswith("q")
    assert len(server.requests) == 3
    assert check(server.requests[-1])
    assert capsys.readouterr().err.count(note) == 1


def test_the_path_of_the_api_may_be_left_out(server, capsys):
    server.complaint = only_v1
    [completion] = load_model(f"openai:m@{server.url.removesuffix('/v1')}", ModelSettings(retries=0)).generate(
        [[Message(role="user", content="q")]]
    )
    assert completion.text == "answer to q"
    assert "trying http://127.0.0.1" in capsys.readouterr().err


def test_a_refusal_is_told_in_the_words_of_the_server(server):
    server.complaint = lambda path, body: (400, {"detail": "model m is being unloaded"})
    with pytest.raises(ModelError, match="status 400: model m is being unloaded"):
        ask(server)


def test_parallel_requests_learn_together(server):
    server.complaint, server.delay = names("seed"), 0.05
    completions, _ = ask(server, 8, concurrency=8)
    assert len(completions) == 8


def test_no_proxy_stands_before_a_local_server(server, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    completions, _ = ask(server)
    assert completions[0].text == "answer to q0"
