"""The forecast of a judge is within 10 % of the actual cost, without a request."""

import json

import pytest

from opora.bench.judge.forecast import estimate_tokens, format_forecast
from opora.bench.judge.stage import JudgeStage
from opora.models.backends.loading import load_tokenizer
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
def test_tokens_are_estimated_by_letters(text, tokens):
    """`tokens` are those of o200k_base in js-tiktoken 1.0.21."""
    assert estimate_tokens([Message(role="user", content=text)]) - 4 == pytest.approx(tokens, rel=0.1)


def forecast(settings, benches):
    return JudgeStage(settings, benches, benches / "judged").forecast()


@pytest.fixture
def counting(judge, tiny_model):
    """A server that counts with the tokenizer and chat template of a real model."""
    tokenizer = load_tokenizer(parse_spec(f"hf:{tiny_model}"))

    def count(messages):
        if messages[-1]["role"] == "assistant":
            return len(tokenizer.encode(messages[-1]["content"]))
        return len(encode_chat(tokenizer, [Message(**message) for message in messages]))

    judge.count = count
    judge.reply = explain
    return judge


def explain(body):
    """Return a verdict with a reason of varying, realistic length."""
    prompt = body["messages"][-1]["content"]
    language = "ru" if "В документах" in prompt or "верен" in prompt else "en"
    reasons = {
        "en": "The reference and the excerpt name a fee, and the answer gives the same one; nothing else was asked{}.",
        "ru": "Эталон и выдержка называют сумму, и в ответе стоит она же; больше ни о чём не спрошено{}.",
    }
    ending = {"en": ", so it is right and complete", "ru": ", так что он верен и полон"}[language]
    reason = reasons[language].format(ending * (len(prompt) % 3))
    return json.dumps({"reason": reason, "score": 5, "correct": 1}, ensure_ascii=False)


def test_the_tokenizer_in_the_settings_gives_exact_prompt_tokens(settings, benches, counting, tiny_model):
    judge_settings = settings(tokenizer=f"hf:{tiny_model}")
    before = forecast(judge_settings, benches)
    assert counting.requests == []
    assert (before.answers, before.done, before.calls) == (24, 0, 21)
    manifest = JudgeStage(judge_settings, benches, benches / "judged").run()
    prompt, completion = manifest.tokens["prompt"], manifest.tokens["completion"]
    assert before.calls == len(counting.requests)
    assert before.prompt_tokens == prompt
    assert before.prompt_tokens + before.completion_tokens == pytest.approx(prompt + completion, rel=0.1)
    assert before.cost == pytest.approx(manifest.cost, rel=0.1)
    assert before.max_cost >= manifest.cost


def test_replies_calibrate_the_estimate_for_an_unknown_tokenizer(settings, benches, counting):
    """The tokenizer of the tiny model needs four times the estimated tokens."""
    judge_settings = settings(budget=0.05, generation={"concurrency": 2})
    first = forecast(judge_settings, benches)
    part = JudgeStage(judge_settings, benches, benches / "judged").run()
    assert 5 <= len(counting.requests) < 21
    rest = forecast(judge_settings, benches)
    whole = JudgeStage(settings(budget=1.0), benches, benches / "judged").run()
    left = whole.tokens["prompt"] - part.tokens["prompt"]
    assert first.prompt_tokens < 0.5 * whole.tokens["prompt"]
    assert rest.prompt_tokens == pytest.approx(left, rel=0.1)
    assert rest.cost == pytest.approx(whole.cost - part.cost, rel=0.1)


def test_judged_answers_need_no_call(settings, benches, judge):
    JudgeStage(settings(), benches, benches / "judged").run()
    after = forecast(settings(), benches)
    assert (after.calls, after.cost, after.done) == (0, 0.0, 21)
    assert after.spent > 0


def test_without_a_price_there_is_no_cost(settings, benches):
    text = format_forecast(forecast(settings(price={}), benches))
    assert "cost: unknown; set --price-prompt and --price-completion" in text
    assert "21 calls to send" in text
