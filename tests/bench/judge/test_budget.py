"""A budget holds at any concurrency; what it leaves out is missing, and asked for when it is raised."""

import threading

import pytest

from opora.artifacts import read_records
from opora.bench.judge.budget import Budget, most_prompt_tokens
from opora.bench.judge.parse import FORMS
from opora.bench.judge.prompt import Case, build_judge_chat
from opora.bench.judge.rows import VerdictRow
from opora.bench.judge.session import open_verdicts
from opora.bench.judge.stage import bench_judge

PROMPTS, PRICE = 21, {"prompt": 2.0, "completion": 8.0}


def charged(server):
    """What the server asks to be paid for all that it began to work on."""
    return sum(PRICE["prompt"] * prompt + PRICE["completion"] * reply for prompt, reply in server.charged) / 1e6


def most(settings):
    """What one call may cost at most, about."""
    chat = build_judge_chat(Case(question="q" * 40, reference="r" * 20, answer="a" * 30), "score", "ru")
    return settings.price.of(most_prompt_tokens(chat, FORMS["score"].schema), settings.generation.max_new_tokens)


@pytest.mark.parametrize("share", [0.6, 1.5, 6.0])
@pytest.mark.parametrize("trouble", [(), (500, "hang up", "answer", 429, "truncate") * 3])
def test_never_more_than_the_budget(settings, benches, judge, share, trouble):
    judge.delay, judge.plan = 0.01, list(trouble)
    judge.count = lambda messages: sum(len(each["content"].encode()) for each in messages)  # the worst tokenizer
    given = settings(generation={"concurrency": 32})
    budget = share * most(given)
    manifest = bench_judge(given.model_copy(update={"budget": budget}), benches, benches / "judged")
    assert charged(judge) <= budget
    assert manifest.cost <= budget
    assert (manifest.counts["verdicts"] > 0) is (share > 1 and not trouble) or trouble


def test_all_that_fits_is_asked_then_the_rest_when_the_budget_is_raised(settings, benches, judge):
    """Calls cost a tenth of what is reserved: what is given back lets the run go on beyond the first 32."""
    given = settings(generation={"concurrency": 32}, budget=2.5 * most(settings()))
    manifest = bench_judge(given, benches, benches / "judged")
    asked = len(judge.requests)
    assert 4 < asked < PROMPTS
    missing = manifest.dropped["beyond the budget"]
    assert missing == sum(
        row.failure == "budget" for row in read_records(benches / "judged" / "verdicts.jsonl", VerdictRow)
    )
    text = (benches / "judged" / "table.md").read_text()
    assert f"{missing} of 24 verdicts are missing" in text
    assert "Raise the budget and run the same command again" in text
    raised = bench_judge(given.model_copy(update={"budget": 1.0}), benches, benches / "judged")
    assert (raised.dropped, raised.counts["verdicts"]) == ({}, 24)
    assert len(judge.requests) == PROMPTS


@pytest.mark.parametrize("price", [PRICE, {}])
def test_what_was_spent_before_counts(settings, benches, judge, price):
    bench_judge(settings(price=price), benches, benches / "judged")
    spent = charged(judge)
    with open_verdicts(benches / "judged") as journal:
        assert sum(value["cost"] for _, value in journal.items()) == pytest.approx(spent if price else 0.0)
    other = bench_judge(settings(template="grade", budget=spent), benches, benches / "judged")
    assert other.counts["verdicts"] == 0
    assert len(judge.requests) == PROMPTS


def test_a_server_that_tells_no_tokens_is_counted_at_the_most(settings, benches, judge):
    judge.count = lambda messages: 0
    manifest = bench_judge(
        settings(generation={"concurrency": 4}, budget=3.5 * most(settings())), benches, benches / "j"
    )
    assert 0 < len(judge.requests) <= 4
    assert manifest.cost <= 3.5 * most(settings())


def test_threads_never_reserve_more_than_there_is():
    budget = Budget(1.0)
    taken = []

    def take():
        for _ in range(200):
            if budget.reserve(0.01):
                taken.append(1)
                budget.settle(0.01, 0.004)

    threads = [threading.Thread(target=take) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 0.9 < budget.spent <= 1.0
    assert budget.spent == pytest.approx(0.004 * len(taken))
