"""What asking a judge will take, told without a request: calls, tokens, cost.

In: settings, prompts, the journal of what was paid for before. Out: a `Forecast`.

    print(format_forecast(forecast(settings, prompts, Path("bench/judged"))))
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from opora.bench.judge.budget import most_prompt_tokens
from opora.bench.judge.parse import FORMS
from opora.bench.judge.session import Asked, Prompt, check_price, open_verdicts, resumed, verdicts_path
from opora.bench.judge.settings import JudgeSettings
from opora.models.spec import parse_spec
from opora.records import Message
from opora.validation import Record

CountTokens = Callable[[Sequence[Message]], float]

TOKENS_A_MESSAGE = 4
CYRILLIC, OTHER_LETTER, DIGIT, SIGN = 0.275, 0.211, 1.168, 1.148
"""Tokens a character, fitted to o200k_base (js-tiktoken 1.0.21) on 336 texts, judge's prompts and documents in Russian
and English: the prompts come out within 3 %, a document within 13 %."""
TYPICAL_REPLY = {
    "en": '{"reason": "The answer names the same figure as the reference and the excerpt; the further detail does not '
    'contradict them, so all that was asked is there.", "score": 5, "correct": 1}',
    "ru": '{"reason": "Ответ называет то же число, что эталон и выдержка; лишняя подробность им не противоречит, так '
    'что есть всё, о чём спрошено.", "score": 5, "correct": 1}',
}
ENOUGH = 5
"""Replies in the journal from which the tokens of the next calls are told."""


class Forecast(Record):
    """`done`: prompts that have been settled and paid for; `cost` is None without a price. `most_cost`: what a budget
    has to allow for so that no call is held back."""

    answers: int
    done: int
    calls: int
    prompt_tokens: int
    completion_tokens: int
    cost: float | None
    most_cost: float | None
    spent: float
    counted_by: str


def forecast(settings: JudgeSettings, prompts: Sequence[Prompt], out: Path) -> Forecast:
    """One call a prompt that is not settled: replies without a verdict and failures, which cost more, are not foreseen.
    Raises InputError for a budget without a price."""
    check_price(settings)
    asked = _journalled(out, settings.asks)
    todo = {prompt.key: prompt for prompt in prompts if not (asked.get(prompt.key) or Asked()).is_settled}
    count, counted_by = token_counter(settings)
    scale = _scale(prompts, asked, count)
    if scale is not None:
        counted_by += f", times {scale:.2f} by the replies so far"
    prompt_tokens = round(sum(count(prompt.chat) for prompt in todo.values()) * (scale or 1.0))
    completion_tokens = round(sum(_reply_lengths(list(todo.values()), asked, count)))
    most = [most_prompt_tokens(each.chat, FORMS[each.template].schema) for each in todo.values()]
    most_cost = settings.price.of(sum(most), len(most) * settings.generation.max_new_tokens)
    return Forecast(
        answers=len(prompts),
        done=len({prompt.key for prompt in prompts} - set(todo)),
        calls=len(todo),
        prompt_tokens=prompt_tokens,
        completion_tokens=completion_tokens,
        cost=settings.price.of(prompt_tokens, completion_tokens) if settings.price.is_known else None,
        most_cost=most_cost if settings.price.is_known else None,
        spent=sum(each.spent for each in asked.values()),
        counted_by=counted_by,
    )


def format_forecast(told: Forecast) -> str:
    """Lines for a terminal."""
    lines = [
        f"{told.answers} answers, {told.done} prompts judged before, {told.calls} calls to send",
        f"prompt tokens: {told.prompt_tokens}, completion tokens: {told.completion_tokens} ({told.counted_by})",
    ]
    if told.cost is None:
        lines.append("cost: not known; give --price-prompt and --price-completion, per million tokens")
    else:
        lines.append(f"cost: {told.cost:.4f}, at most {told.most_cost:.4f}; spent before: {told.spent:.4f}")
    return "\n".join([*lines, "no request was sent"])


def token_counter(settings: JudgeSettings) -> tuple[CountTokens, str]:
    """Counts a chat's tokens, and says how: by the tokenizer that settings name, by a local judge's own, else by the
    script of the letters."""
    spec = parse_spec(settings.tokenizer or settings.model)
    if spec.kind not in ("smollm2", "hf"):
        return estimate_tokens, "estimated by letters for o200k_base; set tokenizer for another"
    from opora.models.backends.transformers import load_tokenizer
    from opora.models.chat_template import encode_chat

    tokenizer = load_tokenizer(spec)
    encode = partial(encode_chat, tokenizer)
    return lambda chat: float(len(encode(chat))), f"counted by the tokenizer of {settings.tokenizer or settings.model}"


def estimate_tokens(chat: Sequence[Message]) -> float:
    """Tokens of a chat in a tokenizer that knows many languages."""
    return sum(_text_tokens(message.content) + TOKENS_A_MESSAGE for message in chat)


def _text_tokens(text: str) -> float:
    cyrillic = len(re.findall(r"[а-яё]", text, re.IGNORECASE))
    digits = len(re.findall(r"\d", text))
    signs = len(re.findall(r"[^\w\s]", text))
    others = len(re.findall(r"\w", text)) - cyrillic - digits
    return CYRILLIC * cyrillic + OTHER_LETTER * others + DIGIT * digits + SIGN * signs


def _scale(prompts: Sequence[Prompt], asked: Mapping[str, Asked], count: CountTokens) -> float | None:
    """What the server counted over what we count, where the journal holds enough to tell."""
    known = [
        (one.prompt_tokens, count(prompt.chat))
        for prompt in prompts
        if (one := asked.get(prompt.key)) and one.replies == 1 and one.prompt_tokens
    ]
    return sum(told for told, _ in known) / sum(counted for _, counted in known) if len(known) >= ENOUGH else None


def _reply_lengths(todo: Sequence[Prompt], asked: Mapping[str, Asked], count: CountTokens) -> list[float]:
    """By the replies that the journal holds, if they are enough, else by a typical one."""
    known = [each.completion_tokens / each.replies for each in asked.values() if each.completion_tokens]
    if len(known) >= ENOUGH:
        return [sum(known) / len(known)] * len(todo)
    empty = count([Message(role="assistant", content="")])
    typical = {
        language: count([Message(role="assistant", content=text)]) - empty for language, text in TYPICAL_REPLY.items()
    }
    return [typical.get(prompt.language, typical["en"]) for prompt in todo]


def _journalled(out: Path, asks: int) -> dict[str, Asked]:
    if not verdicts_path(out).exists():
        return {}
    with open_verdicts(out) as journal:
        return {key: resumed(value, asks) for key, value in journal.items()}
