"""The budget of a judge holds at any concurrency; a raised budget requests the missing verdicts only."""

import threading

import pytest

from opora.artifacts import read_records
from opora.bench.judge.budget import Budget, max_prompt_tokens
from opora.bench.judge.parse import FORMS
from opora.bench.judge.prompt import Case, build_judge_chat
from opora.bench.judge.rows import VerdictRow
from opora.bench.judge.session import open_verdicts
from opora.bench.judge.stage import JudgeStage

PROMPTS, PRICE = 21, {"prompt": 2.0, "completion": 8.0}


def charged(server):
    """Return the amount that the server charges for all requests that it began to work on."""
    return sum(PRICE["prompt"] * prompt + PRICE["completion"] * reply for prompt, reply in server.charged) / 1e6


def max_call_cost(settings):
    """Return the approximate maximum cost of a call."""
    chat = build_judge_chat(Case(question="q" * 40, reference="r" * 20, answer="a" * 30), "score", "ru")
    return settings.price.cost(max_prompt_tokens(chat, FORMS["score"].schema), settings.generation.max_new_tokens)


@pytest.mark.parametrize("share", [0.6, 1.5, 6.0])
@pytest.mark.parametrize("trouble", [(), (500, "hang up", "answer", 429, "truncate") * 3])
def test_the_budget_is_never_exceeded(settings, benches, judge, share, trouble):
    judge.delay, judge.plan = 0.01, list(trouble)
    judge.count = lambda messages: sum(len(message["content"].encode()) for message in messages)  # the worst tokenizer
    judge_settings = settings(generation={"concurrency": 32})
    budget = share * max_call_cost(judge_settings)
    manifest = JudgeStage(judge_settings.model_copy(update={"budget": budget}), benches, benches / "judged").run()
    assert charged(judge) <= budget
    assert manifest.cost <= budget
    assert (manifest.counts["verdicts"] > 0) is (share > 1 and not trouble) or trouble


def test_a_raised_budget_requests_the_missing_verdicts_only(settings, benches, judge):
    """Calls cost a tenth of the reservation, so released reservations pay for calls beyond the first 32."""
    judge_settings = settings(generation={"concurrency": 32}, budget=2.5 * max_call_cost(settings()))
    manifest = JudgeStage(judge_settings, benches, benches / "judged").run()
    assert 4 < len(judge.requests) < PROMPTS
    missing = manifest.dropped["beyond the budget"]
    assert missing == sum(
        row.failure == "budget" for row in read_records(benches / "judged" / "verdicts.jsonl", VerdictRow)
    )
    text = (benches / "judged" / "table.md").read_text()
    assert f"{missing} of 24 verdicts are missing" in text
    assert "Raise the budget and run the same command again" in text
    raised = JudgeStage(judge_settings.model_copy(update={"budget": 1.0}), benches, benches / "judged").run()
    assert (raised.dropped, raised.counts["verdicts"]) == ({}, 24)
    assert len(judge.requests) == PROMPTS


@pytest.mark.parametrize("price", [PRICE, {}])
def test_earlier_spending_counts(settings, benches, judge, price):
    JudgeStage(settings(price=price), benches, benches / "judged").run()
    spent = charged(judge)
    with open_verdicts(benches / "judged") as journal:
        assert sum(value["cost"] for _, value in journal.items()) == pytest.approx(spent if price else 0.0)
    manifest = JudgeStage(settings(template="grade", budget=spent), benches, benches / "judged").run()
    assert manifest.counts["verdicts"] == 0
    assert len(judge.requests) == PROMPTS


def test_a_server_that_reports_no_tokens_counts_with_the_maximum_cost(settings, benches, judge):
    judge.count = lambda messages: 0
    limited = settings(generation={"concurrency": 4}, budget=3.5 * max_call_cost(settings()))
    manifest = JudgeStage(limited, benches, benches / "j").run()
    assert 0 < len(judge.requests) <= 4
    assert manifest.cost <= 3.5 * max_call_cost(settings())


def test_threads_never_reserve_more_than_the_limit():
    budget = Budget(1.0)
    calls = []

    def spend():
        for _ in range(200):
            if budget.reserve(0.01):
                calls.append(1)
                budget.settle(0.01, 0.004)

    threads = [threading.Thread(target=spend) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 0.9 < budget.spent <= 1.0
    assert budget.spent == pytest.approx(0.004 * len(calls))
