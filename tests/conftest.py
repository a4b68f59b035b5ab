"""Shared by all tests: a real, tiny chat model, made here, and a real, local chat server."""

import json
import os
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.factories import make_ferry_bench, write_ferry_project

# before torch is imported: many small matrices are slower on several threads
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
TEXT = "The fee is 12 EUR a day. It is due on Monday. Паром идёт на север в пять часов. quote answer question passage"


def make_tokenizer():
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=special, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    )
    tokenizer.train_from_iterator([TEXT] * 3, trainer)
    names = {"bos_token": special[1], "eos_token": special[2], "pad_token": special[2], "unk_token": special[0]}
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names)
    fast.chat_template = TEMPLATE
    return fast


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory):
    """Folder of a Llama with two layers, random weights, and a tokenizer with the ChatML template."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("tiny-model")
    tokenizer = make_tokenizer()
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=512, tie_word_embeddings=True,
        bos_token_id=1, eos_token_id=2, pad_token_id=2, initializer_range=0.15,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(str(folder))
    tokenizer.save_pretrained(str(folder))
    return folder


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    """Tests write into a cache of their own."""
    monkeypatch.setenv("OPORA_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))


class Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64  # as many as knock at once


class Server:
    """An OpenAI-compatible server. `plan` says what it does with each request in turn, then it answers by `reply`.

    `refused` names response formats that it turns down. `complaint` returns (status, reply) for a request (path, body)
    whose form it does not accept, or None. `charged` holds the (prompt, completion) tokens of all that it
    began to work on, which it counts by `count`, also where nothing of it arrived.
    """

    def __init__(self):
        self.plan, self.requests, self.at_once, self.most_at_once = [], [], 0, 0
        self.delay, self.keys, self.refused, self.charged = 0.0, [], (), []
        self.complaint = lambda path, body: None
        self.reply = lambda body: f"answer to {body['messages'][-1]['content']}"
        self.count = lambda messages: 7 if messages[-1]["role"] == "user" else 3
        self.lock = threading.Lock()
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                owner.handle(self)

            def log_message(self, *_):
                pass

        self.http = Listener(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}/v1"

    def handle(self, handler):
        body = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
        with self.lock:
            self.requests.append(body)
            self.keys.append(handler.headers["Authorization"])
            complaint = self.complaint(handler.path, body)
            if body.get("response_format", {}).get("type") in self.refused:
                step = 400
            else:
                step = self.plan.pop(0) if self.plan else "answer"
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        time.sleep(5 if step == "hang" else self.delay)
        with self.lock:
            self.at_once -= 1
        try:
            if complaint:
                self.fail(handler, *complaint)
            elif isinstance(step, int) and step < 500:
                self.fail(handler, step)
            else:
                self.work(handler, body, step)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def work(self, handler, body, step):
        text = self.reply(body)
        tokens = self.count(body["messages"]), self.count([{"role": "assistant", "content": text}])
        with self.lock:
            self.charged.append(tokens)
        if isinstance(step, int):
            self.fail(handler, step)
        elif step != "hang" and not body.get("stream"):
            self.whole(handler, text, tokens)
        elif step != "hang":
            self.stream(handler, text, tokens, step)

    def fail(self, handler, status, reply=None):
        handler.send_response(status)
        handler.send_header("Retry-After", "0")
        handler.send_header("Content-Type", "application/json")
        handler.end_headers()
        handler.wfile.write(json.dumps(reply or {"error": {"message": "no"}}).encode())

    def whole(self, handler, text, tokens):
        usage = {"prompt_tokens": tokens[0], "completion_tokens": tokens[1], "total_tokens": sum(tokens)}
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        reply = {"id": "1", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice]}
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.end_headers()
        handler.wfile.write(json.dumps(reply | {"usage": usage}).encode())

    def stream(self, handler, text, tokens, step):
        handler.send_response(200)
        if step == "no stream":
            handler.end_headers()
            handler.wfile.write(b'{"choices": [{"message": {"content": "all at once"}}]}')
            return
        handler.send_header("Content-Type", "text/event-stream")
        handler.end_headers()
        for part in (text[:9], text[9:]):
            self.event(handler, {"choices": [{"index": 0, "delta": {"content": part}}]})
            if step == "hang up":
                return
            if step == "stall":
                time.sleep(2)
            if step == "truncate":
                handler.wfile.write(b'data: {"choices": [{"ind')
                return
        self.event(handler, {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        usage = {"prompt_tokens": tokens[0], "completion_tokens": tokens[1], "total_tokens": sum(tokens)}
        self.event(handler, {"choices": [], "usage": usage})
        handler.wfile.write(b"data: [DONE]\n\n")

    def event(self, handler, data):
        base = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": "m"}
        handler.wfile.write(f"data: {json.dumps({**base, **data})}\n\n".encode())


@pytest.fixture
def server():
    """A server that answers, delays, fails, lies and hangs up."""
    server = Server()
    yield server
    server.http.shutdown()
    server.http.server_close()


@pytest.fixture(scope="session")
def ferry_project(tmp_path_factory):
    """Folder with the corpus, the index and the questions of the ferry project."""
    folder = tmp_path_factory.mktemp("ferry-project")
    write_ferry_project(folder)
    return folder


@pytest.fixture(scope="session")
def ferry_bench(ferry_project):
    """Settings of a benchmark of three scripted models over the ferry project."""
    return make_ferry_bench(ferry_project)
