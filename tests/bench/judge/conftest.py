"""A finished benchmark to judge, and a server that judges by the answers."""

import json
import re

import pytest

from opora.artifacts import Build
from opora.bench.judge.settings import JudgeBenchSettings
from opora.bench.results.files import write_results
from opora.bench.results.table import AnswerRow, entries_of, make_table
from opora.bench.stage import BenchStage
from opora.bench.tasks.rag import RagTask
from opora.records import Answer

QUESTIONS = 12
PRICE = {"prompt": 2.0, "completion": 8.0}


def make_row(model, number):
    refuses = number % 4 == 3
    wrong = f"It is {number + 1} EUR." if number % 4 == 1 else "The documents do not say."
    right = "The documents do not say." if refuses else f"The fee is {number} EUR."
    return AnswerRow(
        model=model,
        id=f"q{number}",
        question=f"What is the fee on pier {number}?",
        question_type="unanswerable" if refuses else "simple",
        domain="rules",
        language="ru" if number % 3 == 0 else "en",
        cluster=f"document {number // 2}",
        scores={"key_fact_accuracy": float(model == "right"), "refusal": 0.0, "seconds": 0.5},
        reference="The documents do not say." if refuses else f"It is {number} EUR.",
        behavior="refuse" if refuses else "answer",
        gold=(),
        quotes=() if refuses else (f"On pier {number} a fee of {number} EUR is due.",),
        answer=Answer(text=right if model == "right" else wrong, refused=refuses, seconds=0.5),
    )


def write_bench(folder, questions=QUESTIONS):
    """Write `bench/main` of a right and a wrong model into `folder`; returns `bench/`."""
    models = {"wrong": "scripted:wrong", "right": "scripted:right"}
    rows = [make_row(model, number) for number in range(questions) for model in models]
    with Build(folder / "bench" / "main", BenchStage.kind, RagTask(models=models), inputs={}) as build:
        write_results(build.path, rows, make_table(rows, entries_of(models, ""), resamples=100))
        build.publish()
    return folder / "bench"


@pytest.fixture
def row():
    return make_row("right", 1)


@pytest.fixture
def benches(tmp_path):
    return write_bench(tmp_path)


def judge_by_answer(body):
    """Return 5 for an answer with the numbers of the reference, else 1."""
    prompt = "\n".join(message["content"] for message in body["messages"] if message["role"] == "user")
    reference, answer = (
        re.search(rf"<{tag}>\n(.*?)\n</{tag}>", prompt, re.DOTALL)[1] for tag in ("reference", "answer")
    )
    right = re.findall(r"\d+", reference) == re.findall(r"\d+", answer)
    return json.dumps({"reason": f"{answer} against {reference}", "score": 5 if right else 1, "correct": int(right)})


@pytest.fixture
def judge(server):
    """The server as a judge; it counts one token per four bytes, and four per message."""
    server.reply = judge_by_answer
    server.count = lambda messages: sum(len(message["content"].encode()) // 4 + 4 for message in messages)
    return server


@pytest.fixture
def settings(judge):
    """Function that returns settings of the judge."""

    def make_settings(**changes):
        generation = {"max_new_tokens": 200, "retries": 2, "timeout_s": 10.0, **changes.pop("generation", {})}
        fields = {"benchmark": "main", "model": f"openai:m@{judge.url}", "resamples": 100, "price": PRICE, **changes}
        return JudgeBenchSettings.model_validate({**fields, "generation": generation})

    return make_settings
