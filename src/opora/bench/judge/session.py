"""Ask a judge, once per prompt, within a budget; every call is journalled before it is sent and after it ended.

prompts = make_prompts(settings, [(case, "en")], "score")
with open_verdicts(out) as journal:
    replies = ask_judge(settings, prompts, journal, load_model)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from opora.artifacts import Journal
from opora.artifacts.checksums import hash_json
from opora.bench.judge.budget import Budget, max_prompt_tokens
from opora.bench.judge.parse import FORMS, NoVerdictError, parse_verdict
from opora.bench.judge.prompt import Case, add_reminder, build_judge_chat, prompt_hash
from opora.bench.judge.settings import JudgeSettings
from opora.bench.results.table import JudgeVerdict
from opora.console.progress import Progress
from opora.errors import InputError, ModelError
from opora.models.base import AttemptError, Chat, Completion, LanguageModel
from opora.models.registry import LoadModel
from opora.models.response_cache import model_identity
from opora.records import Message
from opora.validation import Record

Failure = Literal["", "unparseable", "server", "budget"]
GIVE_UP_AFTER = 20
"""Consecutive failures after which the server is considered down."""


class JudgePrompt(NamedTuple):
    """A chat for the judge."""

    key: str
    """Key in the journal: hash of the judge's revision, its generation settings and the chat."""
    hash: str
    """SHA-256 of the chat."""
    chat: Sequence[Message]
    template: str
    language: str


class JudgeReply(Record):
    """State of one prompt: the verdict or the failure, and what the calls cost."""

    verdict: JudgeVerdict | None = None
    failure: Failure = ""
    detail: str = ""
    raw: str = ""
    """Text of the last reply."""
    attempts: int = 0
    """Requests sent."""
    replies: int = 0
    """Replies received."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float = 0.0
    """Cost by the tokens that the server reported."""
    lost: float = 0.0
    """Upper bound of the cost of failed calls."""
    reserved: float = 0.0
    """Upper bound of the cost of the call under way."""

    @property
    def is_settled(self) -> bool:
        """True if another session would not ask again."""
        return self.verdict is not None or self.failure == "unparseable"

    @property
    def spent(self) -> float:
        return self.cost + self.lost + self.reserved


def open_verdicts(out: Path) -> Journal:
    """Open the journal of all calls ever made for `out`. It lies next to the artefact, because a change of settings
    replaces the artefact, but not the replies to the same prompts."""
    out.parent.mkdir(parents=True, exist_ok=True)
    return Journal(verdicts_path(out))


def read_replies(out: Path, max_attempts: int) -> dict[str, JudgeReply]:
    """Return key -> state of all prompts ever sent for `out`."""
    if not verdicts_path(out).exists():
        return {}
    with open_verdicts(out) as journal:
        return {key: resume_reply(value, max_attempts) for key, value in journal.items()}


def verdicts_path(out: Path) -> Path:
    return out.with_name(f"{out.name}.verdicts.sqlite")


def make_prompts(settings: JudgeSettings, cases: Iterable[tuple[Case, str]], template: str) -> list[JudgePrompt]:
    """Return the prompt of each (case, language)."""
    asker = model_identity(settings.model, settings.generation)
    prompts = []
    for case, language in cases:
        chat = build_judge_chat(case, template, language)
        text = prompt_hash(chat)
        prompts.append(JudgePrompt(hash_json({**asker, "prompt": text}), text, chat, template, language))
    return prompts


def ask_judge(
    settings: JudgeSettings, prompts: Sequence[JudgePrompt], journal: Journal, load: LoadModel
) -> dict[str, JudgeReply]:
    """Return key -> reply; all prompts must have the same template. Prompts that the journal has settled are not sent,
    and the model is loaded only if one is left. Raises InputError for a budget without a price, ModelError if no call
    succeeds; replies received until then are kept."""
    check_price(settings)
    if not prompts:
        return {}
    session = JudgeSession(settings, prompts, journal)
    if session.pending():
        session.run(load(settings.model, settings.generation))
    return session.replies


def check_price(settings: JudgeSettings) -> None:
    """Raise InputError for an incomplete price, or a budget without a price."""
    price = settings.price
    if (price.prompt is None) != (price.completion is None):
        missing = "prompt" if price.prompt is None else "completion"
        raise InputError(f"price.{missing} is missing; set both --price-prompt and --price-completion")
    if settings.budget is not None and not price.is_known:
        raise InputError("budget needs a price; set --price-prompt and --price-completion, per million tokens")


class JudgeSession:
    """Calls of one session. Each round sends the prompts that are still without a verdict, until a round sends none."""

    def __init__(self, settings: JudgeSettings, prompts: Sequence[JudgePrompt], journal: Journal) -> None:
        self._settings, self._journal = settings, journal
        self._prompts = {prompt.key: prompt for prompt in prompts}
        self._form = FORMS[prompts[0].template]
        self.replies = {key: resume_reply(journal.get(key), settings.max_attempts) for key in self._prompts}
        earlier = [JudgeReply.model_validate(value) for _, value in journal.items()]
        # calls made before a price was set are counted by their tokens
        price = settings.price
        costs = (max(reply.spent, price.cost(reply.prompt_tokens, reply.completion_tokens)) for reply in earlier)
        self._budget = Budget(settings.budget, sum(costs))
        self._sent: list[str] = []
        self._failed_in_a_row = 0

    def pending(self) -> list[str]:
        """Return the keys of the prompts to send."""
        return [key for key, reply in self.replies.items() if not reply.is_settled and reply.failure != "server"]

    def run(self, model: LanguageModel) -> None:
        """Send the pending prompts in rounds. Raises ModelError if no call succeeds."""
        done = len(self.replies) - len(self.pending())
        with Progress(f"judge {self._settings.model}", len(self.replies), done) as self._progress:
            attempts = -1
            while self.pending() and attempts < self._attempts():
                attempts, self._sent = self._attempts(), []
                model.generate(self._affordable(), self._on_completion, self._on_error, self._form.schema)
        unaffordable = {"failure": "budget", "detail": "beyond the budget"}
        for key in self.pending():
            self.replies[key] = self.replies[key].model_copy(update=unaffordable)
        failed = [reply for reply in self.replies.values() if reply.failure == "server"]
        if failed and not any(reply.verdict for reply in self.replies.values()):
            raise ModelError(f"no call to the judge succeeded: {failed[-1].detail}")

    def _affordable(self) -> Iterator[Chat]:
        """Yield the chats of a round that fit into the budget at the time when they are sent."""
        for key in self.pending():
            if self._reserve(key):
                self._sent.append(key)
                yield self._chat(key)

    def _reserve(self, key: str) -> bool:
        """Set aside the maximum cost of an attempt, if the budget allows it."""
        reply, settings = self.replies[key], self._settings
        tokens = max_prompt_tokens(self._chat(key), self._form.schema), settings.generation.max_new_tokens
        cost = settings.price.cost(*tokens)
        if not self._budget.reserve(cost):
            return False
        self._update(key, attempts=reply.attempts + 1, reserved=cost)
        return True

    def _on_error(self, index: int, error: AttemptError) -> bool:
        """Settle a failed attempt; return True if the budget allows another one."""
        key = self._sent[index]
        reply = self.replies[key]
        cost = reply.reserved if error.is_charged else 0.0
        self._budget.settle(reply.reserved, cost)
        self._update(key, lost=reply.lost + cost, reserved=0.0)
        if error.can_retry:
            return self._reserve(key)
        self._update(key, failure="server", detail=str(error))
        self._progress.advance()
        self._failed_in_a_row += 1
        if self._failed_in_a_row == GIVE_UP_AFTER:
            raise ModelError(f"{GIVE_UP_AFTER} calls to the judge failed in a row; the last error: {error}")
        return False

    def _on_completion(self, index: int, completion: Completion) -> None:
        key = self._sent[index]
        reply = self.replies[key]
        self._failed_in_a_row = 0
        tokens = completion.prompt_tokens, completion.completion_tokens
        # a server that reports no tokens may charge for the maximum
        cost, lost = (self._settings.price.cost(*tokens), 0.0) if tokens[0] else (0.0, reply.reserved)
        self._budget.settle(reply.reserved, cost + lost)
        changes: dict[str, object] = {"verdict": None, "detail": ""}
        try:
            changes["verdict"] = parse_verdict(completion.text, self._form)
        except NoVerdictError as error:
            is_last = reply.replies + 1 >= self._settings.max_attempts
            changes |= {"detail": str(error), "failure": "unparseable" if is_last else ""}
        self._update(
            key,
            raw=completion.text,
            replies=reply.replies + 1,
            prompt_tokens=reply.prompt_tokens + tokens[0],
            completion_tokens=reply.completion_tokens + tokens[1],
            cost=reply.cost + cost,
            lost=reply.lost + lost,
            reserved=0.0,
            **changes,
        )
        self._progress.advance(int(self.replies[key].is_settled))

    def _attempts(self) -> int:
        return sum(reply.attempts for reply in self.replies.values())

    def _chat(self, key: str) -> Sequence[Message]:
        """Return the prompt, followed by the last reply and a reminder if that reply held no verdict."""
        prompt, reply = self._prompts[key], self.replies[key]
        return add_reminder(prompt.chat, reply.raw, prompt.template, prompt.language) if reply.replies else prompt.chat

    def _update(self, key: str, **changes: object) -> None:
        """Write the changed reply to the journal, then to memory, so that no call is lost by a kill."""
        reply = self.replies[key].model_copy(update=changes)
        self._journal.put(key, reply.model_dump(mode="json"))
        self.replies[key] = reply


def resume_reply(value: object, max_attempts: int) -> JudgeReply:
    """Return the state of a prompt from its row in the journal, None for none.

    A call that was under way when the process ended counts as paid. A prompt is sent again after a server failure, or
    if `max_attempts` was raised.
    """
    if value is None:
        return JudgeReply()
    reply = JudgeReply.model_validate(value)
    changes: dict[str, object] = {"lost": reply.lost + reply.reserved, "reserved": 0.0}
    if reply.failure == "server" or (reply.failure == "unparseable" and reply.replies < max_attempts):
        changes |= {"failure": "", "detail": ""}
    return reply.model_copy(update=changes)
