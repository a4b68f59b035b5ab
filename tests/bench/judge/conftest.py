"""A finished benchmark to judge, and a judge's server whose verdicts follow from the answers."""

import json
import re

import pytest

from opora.artifacts import Build
from opora.bench.judge.settings import JudgeBenchSettings
from opora.bench.results.table import AnswerRow, entries_of, make_table
from opora.bench.settings import RagBenchSettings
from opora.bench.stage import STAGE, write_results
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
        kind="no info" if refuses else "simple",
        domain="rules",
        language="ru" if number % 3 == 0 else "en",
        cluster=f"document {number // 2}",
        scores={"key_facts": float(model == "right"), "refusal": 0.0, "seconds": 0.5},
        reference="The documents do not say." if refuses else f"It is {number} EUR.",
        behavior="refuse" if refuses else "answer",
        gold=(),
        quotes=() if refuses else (f"On pier {number} a fee of {number} EUR is due.",),
        answer=Answer(text=right if model == "right" else wrong, refused=refuses, seconds=0.5),
    )


def write_bench(folder, questions=QUESTIONS):
    """`bench/main` in `folder`: a right model and a wrong one."""
    models = {"wrong": "fake:wrong", "right": "fake:right"}
    rows = [make_row(model, number) for number in range(questions) for model in models]
    with Build(folder / "bench" / "main", STAGE, RagBenchSettings(models=models), inputs={}) as build:
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
    """5 for an answer that is the reference's words, or holds its number; else 1."""
    asked = "\n".join(message["content"] for message in body["messages"] if message["role"] == "user")
    reference, answer = (
        re.search(rf"<{tag}>\n(.*?)\n</{tag}>", asked, re.DOTALL)[1] for tag in ("reference", "answer")
    )
    right = re.findall(r"\d+", reference) == re.findall(r"\d+", answer)
    return json.dumps({"reason": f"{answer} against {reference}", "score": 5 if right else 1, "correct": int(right)})


@pytest.fixture
def judge(server):
    """The server, judging; it counts a token for each four bytes, and four a message."""
    server.reply = judge_by_answer
    server.count = lambda messages: sum(len(each["content"].encode()) // 4 + 4 for each in messages)
    return server


@pytest.fixture
def settings(judge):
    def settings(**more):
        generation = {"max_new_tokens": 200, "retries": 2, "timeout_s": 10.0, **more.pop("generation", {})}
        given = {"of": "main", "model": f"openai:m@{judge.url}", "resamples": 100, "price": PRICE, **more}
        return JudgeBenchSettings.model_validate({**given, "generation": generation})

    return settings


def charged(server):
    """What the server asks to be paid for all that it began to work on."""
    return sum(PRICE["prompt"] * prompt + PRICE["completion"] * reply for prompt, reply in server.charged) / 1e6
