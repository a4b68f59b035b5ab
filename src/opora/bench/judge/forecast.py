"""Forecast of the calls, tokens and cost of a judge, without sending a request.

print(format_forecast(forecast_cost(settings, prompts, Path("bench/judged"))))
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from opora.artifacts.stage import Estimate
from opora.bench.judge.budget import max_prompt_tokens
from opora.bench.judge.parse import FORMS
from opora.bench.judge.session import JudgePrompt, JudgeReply, check_price, read_replies
from opora.bench.judge.settings import JudgeSettings
from opora.models.spec import parse_spec
from opora.records import Message
from opora.text.language_pack import language_with_file
from opora.text.resources import language_text
from opora.validation import Record

CountTokens = Callable[[Sequence[Message]], float]

TOKENS_PER_MESSAGE = 4
CYRILLIC, OTHER_LETTER, DIGIT, SIGN = 0.275, 0.211, 1.168, 1.148
"""Tokens per character, fitted to o200k_base (js-tiktoken 1.0.21) on 336 texts: judge prompts and documents in Russian
and English. The error is within 3 % on the prompts and within 13 % on a document."""
TYPICAL_REPLY = "judge_typical_reply.txt"
"""File with a reply of typical length in the folder of a language."""
MIN_REPLIES = 5
"""Replies in the journal from which the length of the next ones is estimated."""


class Forecast(Record):
    """Expected calls, tokens and cost of a judge."""

    answers: int
    done: int
    """Distinct prompts that need no further call."""
    calls: int
    prompt_tokens: int
    completion_tokens: int
    cost: float | None
    """None without a price."""
    max_cost: float | None
    """Budget with which every call can be sent."""
    spent: float
    """Cost of earlier calls."""
    counted_by: str

    @property
    def estimate(self) -> Estimate:
        tokens = self.prompt_tokens + self.completion_tokens
        return Estimate(self.calls, tokens, None, self.cost, note=format_forecast(self))


def forecast_cost(settings: JudgeSettings, prompts: Sequence[JudgePrompt], out: Path) -> Forecast:
    """Forecast one call per prompt that is not settled; replies without a verdict and failures are not foreseen.

    Raises InputError for a budget without a price.
    """
    check_price(settings)
    replies = read_replies(out, settings.max_attempts)
    pending = {prompt.key: prompt for prompt in prompts if not replies.get(prompt.key, JudgeReply()).is_settled}
    count, counted_by = token_counter(settings)
    scale = _scale(prompts, replies, count)
    if scale is not None:
        counted_by += f", times {scale:.2f} by the replies so far"
    prompt_tokens = round(sum(count(prompt.chat) for prompt in pending.values()) * (scale or 1.0))
    completion_tokens = round(_completion_tokens(list(pending.values()), replies, count))
    max_tokens = [max_prompt_tokens(prompt.chat, FORMS[prompt.template].schema) for prompt in pending.values()]
    max_cost = settings.price.cost(sum(max_tokens), len(max_tokens) * settings.generation.max_new_tokens)
    return Forecast(
        answers=len(prompts),
        done=len({prompt.key for prompt in prompts} - set(pending)),
        calls=len(pending),
        prompt_tokens=prompt_tokens,
        completion_tokens=completion_tokens,
        cost=settings.price.cost(prompt_tokens, completion_tokens) if settings.price.is_known else None,
        max_cost=max_cost if settings.price.is_known else None,
        spent=sum(reply.spent for reply in replies.values()),
        counted_by=counted_by,
    )


def format_forecast(forecast: Forecast) -> str:
    """Return the forecast as lines of text."""
    lines = [
        f"{forecast.answers} answers, {forecast.done} prompts already judged, {forecast.calls} calls to send",
        f"prompt tokens: {forecast.prompt_tokens}, completion tokens: {forecast.completion_tokens}"
        f" ({forecast.counted_by})",
    ]
    if forecast.cost is None:
        lines.append("cost: unknown; set --price-prompt and --price-completion, per million tokens")
    else:
        lines.append(f"cost: {forecast.cost:.4f}, at most {forecast.max_cost:.4f}; spent before: {forecast.spent:.4f}")
    return "\n".join(lines)


def token_counter(settings: JudgeSettings) -> tuple[CountTokens, str]:
    """Return a function that counts the tokens of a chat, and its description.

    It uses the tokenizer in the settings, or that of a local judge, or else an estimate by the script of the letters.
    """
    spec = parse_spec(settings.tokenizer or settings.model)
    if spec.kind not in ("smollm2", "hf"):
        return estimate_tokens, "estimated by letters for o200k_base; set tokenizer for another"
    from opora.models.backends.loading import load_tokenizer
    from opora.models.chat_template import encode_chat

    tokenizer = load_tokenizer(spec)
    encode = partial(encode_chat, tokenizer)
    return lambda chat: float(len(encode(chat))), f"counted by the tokenizer of {settings.tokenizer or settings.model}"


def estimate_tokens(chat: Sequence[Message]) -> float:
    """Estimate the tokens of a chat for a multilingual tokenizer."""
    return sum(_text_tokens(message.content) + TOKENS_PER_MESSAGE for message in chat)


def _text_tokens(text: str) -> float:
    cyrillic = len(re.findall(r"[а-яё]", text, re.IGNORECASE))
    digits = len(re.findall(r"\d", text))
    signs = len(re.findall(r"[^\w\s]", text))
    letters = len(re.findall(r"\w", text)) - cyrillic - digits
    return CYRILLIC * cyrillic + OTHER_LETTER * letters + DIGIT * digits + SIGN * signs


def _scale(prompts: Sequence[JudgePrompt], replies: Mapping[str, JudgeReply], count: CountTokens) -> float | None:
    """Return the ratio of the tokens reported by the server to our count; None with too few replies."""
    pairs = [
        (reply.prompt_tokens, count(prompt.chat))
        for prompt in prompts
        if (reply := replies.get(prompt.key)) and reply.replies == 1 and reply.prompt_tokens
    ]
    if len(pairs) < MIN_REPLIES:
        return None
    return sum(reported for reported, _ in pairs) / sum(counted for _, counted in pairs)


def _completion_tokens(pending: Sequence[JudgePrompt], replies: Mapping[str, JudgeReply], count: CountTokens) -> float:
    """Return the expected tokens of all replies: by the mean so far, or by a typical reply in each language."""
    lengths = [reply.completion_tokens / reply.replies for reply in replies.values() if reply.completion_tokens]
    if len(lengths) >= MIN_REPLIES:
        return sum(lengths) / len(lengths) * len(pending)
    texts = [language_text(language_with_file(prompt.language, TYPICAL_REPLY), TYPICAL_REPLY) for prompt in pending]
    empty = count([Message(role="assistant", content="")])
    tokens = {text: count([Message(role="assistant", content=text.strip())]) - empty for text in set(texts)}
    return sum(tokens[text] for text in texts)
