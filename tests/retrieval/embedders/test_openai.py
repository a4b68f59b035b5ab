"""Embedders behind a server that answers, delays, fails, hangs up and mixes up its rows."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from opora.artifacts import Journal
from opora.errors import ModelError
from opora.retrieval.embedders.base import Text
from opora.retrieval.embedders.cached import JournalledEmbedder, is_costly
from opora.retrieval.embedders.registry import open_embedder
from opora.retrieval.embedders.settings import EmbeddingSettings


class Embeddings:
    """`plan` says what it does with each request in turn; then it answers: a text of n letters is the vector (n, 1)."""

    def __init__(self):
        self.plan, self.requests, self.keys, self.delay = [], [], [], 0.0
        self.at_once = self.most_at_once = 0
        lock, owner = threading.Lock(), self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with lock:
                    owner.requests.append(body["input"])
                    owner.keys.append(self.headers["Authorization"])
                    step = owner.plan.pop(0) if owner.plan else "answer"
                    owner.at_once += 1
                    owner.most_at_once = max(owner.most_at_once, owner.at_once)
                time.sleep(owner.delay)
                with lock:
                    owner.at_once -= 1
                if step == "hang up":
                    self.connection.close()
                    return
                rows = [{"index": n, "embedding": [len(text), 1.0]} for n, text in enumerate(body["input"])]
                if step == "reverse":
                    rows.reverse()
                if step == "lose":
                    rows.pop()
                if step == "ragged":
                    rows[0]["embedding"].append(3.0)
                self.send_response(step if isinstance(step, int) else 200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Retry-After", "0")
                self.end_headers()
                answer = {
                    "object": "list",
                    "model": "m",
                    "data": rows,
                    "usage": {"prompt_tokens": 1, "total_tokens": 1},
                }
                self.wfile.write(json.dumps({"error": {"message": "no"}} if isinstance(step, int) else answer).encode())

            def log_message(self, *_):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}/v1"


@pytest.fixture
def embeddings():
    server = Embeddings()
    yield server
    server.http.shutdown()
    server.http.server_close()


def open_at(server, **more):
    settings = {"retries": 2, "timeout_s": 2.0, "batch_size": 2, **more}
    return open_embedder(f"openai:m@{server.url}", None, EmbeddingSettings(**settings))


def texts(*strings):
    return [Text(string, "ru") for string in strings]


def expected(*lengths):
    rows = np.array([[n, 1.0] for n in lengths])
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.mark.parametrize("trouble", ["answer", "reverse", 429, 500, 503, "hang up"])
def test_unit_vectors_in_the_order_of_the_texts(embeddings, trouble):
    embeddings.plan = ["answer", trouble]
    vectors = open_at(embeddings).embed(texts("a", "bb", "ccc", "dddd", "eeeee"), "passage")
    assert vectors.dtype == np.float32
    assert np.allclose(vectors, expected(1, 2, 3, 4, 5), atol=1e-6)


def test_blank_texts_are_not_sent(embeddings):
    vectors = open_at(embeddings).embed(texts("", "bb", " \n"), "passage")
    assert np.allclose(vectors, [[0, 0], *expected(2), [0, 0]])
    assert embeddings.requests == [["a"], ["bb"]]


def test_no_texts_give_no_rows(embeddings):
    assert open_at(embeddings).embed([], "passage").shape == (0, 2)


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        ([500] * 9, "no"),
        ([401], "rejects the key; set OPENAI_API_KEY"),
        ([404], "has no such model or path"),
        ([429] * 9, "too many requests"),
        (["hang up"] * 9, "cannot be reached"),
        (["lose"], "2 texts were sent, but not one vector per text came back"),
        (["ragged"], "2 texts were sent, but not one vector per text came back"),
    ],
)
def test_a_lasting_failure_is_one_line(embeddings, plan, message):
    embedder = open_at(embeddings, retries=1)
    assert embedder.dimensions == 2
    embeddings.plan = plan
    with pytest.raises(ModelError, match=message) as caught:
        embedder.embed(texts("a", "bb"), "passage")
    assert "\n" not in str(caught.value)


def test_concurrency_limits_parallel_requests(embeddings):
    embedder = open_at(embeddings, concurrency=3, batch_size=1)
    assert embedder.dimensions == 2
    embeddings.delay = 0.05
    embedder.embed(texts(*"abcdefghij"), "passage")
    assert embeddings.most_at_once == 3


@pytest.mark.parametrize(("key", "header"), [("sk-1", "Bearer sk-1"), (None, "Bearer none")])
def test_the_key_comes_from_the_environment(embeddings, monkeypatch, key, header):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    if key:
        monkeypatch.setenv("OPENAI_API_KEY", key)
    assert open_at(embeddings).dimensions == 2
    assert embeddings.keys == [header]


def test_journalled_vectors_are_not_requested_again(embeddings, tmp_path):
    passages = texts(*("x" * (1 + n % 9) for n in range(300)))
    embedder = open_at(embeddings, batch_size=100)
    assert is_costly(embedder)
    with Journal(tmp_path / "vectors.journal") as journal:
        first = JournalledEmbedder(embedder, journal).embed(passages, "passage")
        requests = len(embeddings.requests)
        again = JournalledEmbedder(embedder, journal).embed(passages, "passage")
        assert np.array_equal(first, again)
        assert len(embeddings.requests) == requests
        JournalledEmbedder(embedder, journal).embed(passages[:2], "question")
        assert len(embeddings.requests) == requests + 1
        assert JournalledEmbedder(embedder, journal).embed([], "passage").shape == (0, 2)


KILLED = """
import sys
from pathlib import Path
from opora.artifacts import Journal
from opora.retrieval.embedders.base import Text
from opora.retrieval.embedders.cached import JournalledEmbedder
from opora.retrieval.embedders.registry import open_embedder
from opora.retrieval.embedders.settings import EmbeddingSettings
embedder = open_embedder(sys.argv[1], None, EmbeddingSettings(batch_size=64, concurrency=1))
texts = [Text("x" * (1 + n % 9), "ru") for n in range(1000)]
with Journal(Path(sys.argv[2])) as journal:
    print(JournalledEmbedder(embedder, journal).embed(texts, "passage").sum())
"""


def test_a_run_after_a_kill_requests_only_the_rest(embeddings, tmp_path):
    command = [sys.executable, "-c", KILLED, f"openai:m@{embeddings.url}", str(tmp_path / "vectors.journal")]
    embeddings.delay = 0.1
    process = subprocess.Popen(command, env=os.environ)
    while sum(map(len, embeddings.requests)) < 600:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    time.sleep(0.3)
    embeddings.requests.clear()
    embeddings.delay = 0.0
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    # two chunks of 256 were on disk; one more text finds the dimensions
    assert sum(map(len, embeddings.requests)) == 1 + 1000 - 512
    assert float(done.stdout) == pytest.approx(sum(expected(*(1 + n % 9 for n in range(1000))).sum(axis=1)), rel=1e-4)
