"""What judging will take is told within 10 %, without a request."""

import json

import pytest

from opora.bench.judge.forecast import estimate_tokens, forecast, format_forecast
from opora.bench.judge.stage import bench_judge, judged_rows
from opora.models.backends.transformers import load_tokenizer
from opora.models.chat_template import encode_chat
from opora.models.spec import parse_spec
from opora.records import Message

ENGLISH = (
    "The rule of 2024 names three cases in which the fee of 12.50 EUR is not due: the ferry sails late by more than 30"
    " minutes, the passenger travels on duty, or the crossing was cancelled before 6:00. In all other cases, the answer"
    " that the fee is waived contradicts the excerpt; it also names section 4.2, which the documents do not mention."
)
RUSSIAN = (
    "В правилах 2024 года названы три случая, когда плата в 12,50 евро не взимается: паром отошёл с опозданием более"
    " чем на 30 минут, пассажир едет по служебной надобности или рейс отменили до 6:00. Во всех прочих случаях ответ,"
    " будто плату отменяют, противоречит выдержке; к тому же он ссылается на пункт 4.2, которого в документах нет."
)


@pytest.mark.parametrize(("text", "tokens"), [(ENGLISH, 84), (RUSSIAN, 107)])
def test_letters_tell_the_tokens_of_a_multilingual_tokenizer(text, tokens):
    """`tokens` by o200k_base, of js-tiktoken 1.0.21."""
    assert estimate_tokens([Message(role="user", content=text)]) - 4 == pytest.approx(tokens, rel=0.1)


def told(settings, benches, out):
    return forecast(settings, judged_rows(settings, benches)[1], out)


def actual(manifest):
    return manifest.tokens["prompt"], manifest.tokens["completion"]


@pytest.fixture
def counting(judge, tiny_model):
    """The server counts by the tokenizer of a real model, its chat template included."""
    tokenizer = load_tokenizer(parse_spec(f"hf:{tiny_model}"))

    def count(messages):
        if messages[-1]["role"] == "assistant":
            return len(tokenizer.encode(messages[-1]["content"]))
        return len(encode_chat(tokenizer, [Message(**each) for each in messages]))

    judge.count = count
    judge.reply = explain
    return judge


def explain(body):
    """A verdict with a reason as long as judges write them, now longer, now shorter."""
    asked = body["messages"][-1]["content"]
    spoken = "ru" if "В документах" in asked or "верен" in asked else "en"
    reasons = {
        "en": "The reference and the excerpt name a fee, and the answer gives the same one; nothing else was asked{}.",
        "ru": "Эталон и выдержка называют сумму, и в ответе стоит она же; больше ни о чём не спрошено{}.",
    }
    more = {"en": ", so it is right and complete", "ru": ", так что он верен и полон"}[spoken]
    reason = reasons[spoken].format(more * (len(asked) % 3))
    return json.dumps({"reason": reason, "score": 5, "correct": 1}, ensure_ascii=False)


def test_by_the_tokenizer_that_is_named(settings, benches, counting, tiny_model):
    given = settings(tokenizer=f"hf:{tiny_model}")
    before = told(given, benches, benches / "judged")
    assert counting.requests == []
    assert (before.answers, before.done, before.calls) == (24, 0, 21)
    manifest = bench_judge(given, benches, benches / "judged")
    prompt, completion = actual(manifest)
    assert before.calls == len(counting.requests)
    assert before.prompt_tokens == prompt
    assert before.prompt_tokens + before.completion_tokens == pytest.approx(prompt + completion, rel=0.1)
    assert before.cost == pytest.approx(manifest.cost, rel=0.1)
    assert before.most_cost >= manifest.cost


def test_a_few_replies_tell_of_a_tokenizer_that_is_not_known(settings, benches, counting):
    """The tiny model's tokenizer needs four times the tokens that letters tell."""
    given = settings(budget=0.05, generation={"concurrency": 2})
    first = told(given, benches, benches / "judged")
    part = bench_judge(given, benches, benches / "judged")
    assert 5 <= len(counting.requests) < 21
    rest = told(given, benches, benches / "judged")
    whole = bench_judge(settings(budget=1.0), benches, benches / "judged")
    left = whole.tokens["prompt"] - part.tokens["prompt"]
    assert first.prompt_tokens < 0.5 * whole.tokens["prompt"]
    assert rest.prompt_tokens == pytest.approx(left, rel=0.1)
    assert rest.cost == pytest.approx(whole.cost - part.cost, rel=0.1)


def test_what_is_judged_needs_no_call(settings, benches, judge):
    bench_judge(settings(), benches, benches / "judged")
    after = told(settings(), benches, benches / "judged")
    assert (after.calls, after.cost, after.done) == (0, 0.0, 21)
    assert after.spent > 0


def test_without_a_price_there_is_no_cost(settings, benches):
    text = format_forecast(told(settings(price={}), benches, benches / "judged"))
    assert "cost: not known; give --price-prompt and --price-completion" in text
    assert "no request was sent" in text
