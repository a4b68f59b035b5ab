"""Ask a judge, once for each prompt: journalled before and after each call, within a budget.

In: prompts, a journal, settings. Out: what the judge replied to each, in the journal and as `Asked`.

    prompts = make_prompts(settings, [(case, "en")], "score")
    with open_verdicts(out) as journal:
        asked = ask_judge(settings, prompts, journal, load_model)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from opora.artifacts import Journal
from opora.artifacts.build import hash_json
from opora.bench.judge.budget import Budget, most_prompt_tokens
from opora.bench.judge.parse import FORMS, JudgeVerdict, NoVerdictError, parse_verdict
from opora.bench.judge.prompt import Case, ask_again, build_judge_chat, prompt_hash
from opora.bench.judge.settings import JudgeSettings
from opora.console.progress import Progress
from opora.errors import InputError, ModelError
from opora.models.base import Completion, LanguageModel
from opora.models.batch_calls import Calls
from opora.models.registry import LoadModel
from opora.models.response_cache import asker_of
from opora.records import Message
from opora.validation import Record

Failure = Literal["", "unparseable", "server", "budget"]
GIVE_UP_AFTER = 20
"""Calls in a row that fail before the server is taken to be down."""


class Prompt(NamedTuple):
    """A chat for the judge. `key` names it in the journal: the judge's revision, how it generates, the chat."""

    key: str
    hash: str
    chat: Sequence[Message]
    template: str
    language: str


class Asked(Record):
    """What one prompt came to. `reserved` is set aside for a call under way; `lost` is what failed calls may have cost
    at most; `cost` is by the tokens that the server reports. `attempts` counts requests, `replies` what came back."""

    verdict: JudgeVerdict | None = None
    failure: Failure = ""
    detail: str = ""
    raw: str = ""
    attempts: int = 0
    replies: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float = 0.0
    lost: float = 0.0
    reserved: float = 0.0

    @property
    def is_settled(self) -> bool:
        """Whether asking again, in another session, would be of no use."""
        return self.verdict is not None or self.failure == "unparseable"

    @property
    def spent(self) -> float:
        return self.cost + self.lost + self.reserved


def open_verdicts(out: Path) -> Journal:
    """The journal of all that was ever paid for `out`. It lies beside the artefact, not in it: other settings make
    another artefact, but an answer to the same prompt stays what it is."""
    out.parent.mkdir(parents=True, exist_ok=True)
    return Journal(verdicts_path(out))


def verdicts_path(out: Path) -> Path:
    return out.with_name(f"{out.name}.verdicts.sqlite")


def make_prompts(settings: JudgeSettings, cases: Iterable[tuple[Case, str]], template: str) -> list[Prompt]:
    """The prompt of each (case, language)."""
    asker = asker_of(settings.model, settings.generation)
    prompts = []
    for case, language in cases:
        chat = build_judge_chat(case, template, language)
        text = prompt_hash(chat)
        prompts.append(Prompt(hash_json({**asker, "prompt": text}), text, chat, template, language))
    return prompts


def ask_judge(
    settings: JudgeSettings, prompts: Sequence[Prompt], journal: Journal, load: LoadModel
) -> dict[str, Asked]:
    """Key -> what the judge said; all prompts are of one template. What the journal holds is not asked, and the model
    is loaded only if there is something to ask. Raises InputError for a budget without a price, ModelError if the
    judge cannot be asked at all; what was paid for by then is kept."""
    check_price(settings)
    if not prompts:
        return {}
    asking = Asking(settings, prompts, journal)
    if asking.todo():
        asking.ask(load(settings.model, settings.generation))
    return asking.asked


def check_price(settings: JudgeSettings) -> None:
    """Raises InputError for half a price, or for a budget without one."""
    price = settings.price
    if (price.prompt is None) != (price.completion is None):
        missing = "prompt" if price.prompt is None else "completion"
        raise InputError(f"price.{missing} is missing; give both --price-prompt and --price-completion")
    if settings.budget is not None and not price.is_known:
        raise InputError("budget needs a price; give --price-prompt and --price-completion, per million tokens")


class Asking(Calls):
    """The calls of one session. Each round sends what is still without a verdict; a round that sends nothing is the
    last."""

    def __init__(self, settings: JudgeSettings, prompts: Sequence[Prompt], journal: Journal) -> None:
        self._settings, self._journal = settings, journal
        self._prompts = {prompt.key: prompt for prompt in prompts}
        self._form = FORMS[prompts[0].template]
        self.schema = self._form.schema
        self.asked = {key: resumed(journal.get(key), settings.asks) for key in self._prompts}
        before = [Asked.model_validate(value) for _, value in journal.items()]
        # what was paid before a price was given is counted by its tokens
        spent = sum(max(each.spent, settings.price.of(each.prompt_tokens, each.completion_tokens)) for each in before)
        self._budget = Budget(settings.budget, spent)
        self._round: list[str] = []
        self._chats: list[Sequence[Message]] = []
        self._failed_in_a_row = 0

    def todo(self) -> list[str]:
        return [key for key, asked in self.asked.items() if not asked.is_settled and asked.failure != "server"]

    def ask(self, model: LanguageModel) -> None:
        done = len(self.asked) - len(self.todo())
        with Progress(f"judge {self._settings.model}", len(self.asked), done) as self._progress:
            sent = -1
            while self.todo() and sent < self._attempts():
                sent, self._round = self._attempts(), self.todo()
                self._chats = [self._chat(key) for key in self._round]
                model.generate_each(self._chats, self)
        for key in self.todo():
            self.asked[key] = self.asked[key].model_copy(update={"failure": "budget", "detail": "beyond the budget"})
        failed = [asked for asked in self.asked.values() if asked.failure == "server"]
        if failed and not any(asked.verdict for asked in self.asked.values()):
            raise ModelError(f"no call to the judge succeeded: {failed[-1].detail}")

    def may_send(self, number: int) -> bool:
        asked, most = self._of(number), self._most(number)
        if not self._budget.reserve(most):
            return False
        self._put(number, asked, attempts=asked.attempts + 1, reserved=most)
        return True

    def lost(self, number: int, charged: bool) -> None:
        asked = self._of(number)
        cost = asked.reserved if charged else 0.0
        self._budget.settle(asked.reserved, cost)
        self._put(number, asked, lost=asked.lost + cost, reserved=0.0)

    def answered(self, number: int, completion: Completion) -> None:
        asked = self._of(number)
        self._failed_in_a_row = 0
        tokens = completion.prompt_tokens, completion.completion_tokens
        # a server that reports no tokens may have counted as many as there can be
        cost, lost = (self._settings.price.of(*tokens), 0.0) if tokens[0] else (0.0, asked.reserved)
        self._budget.settle(asked.reserved, cost + lost)
        changes: dict[str, object] = {"verdict": None, "detail": ""}
        try:
            changes["verdict"] = parse_verdict(completion.text, self._form)
        except NoVerdictError as error:
            gives_up = asked.replies + 1 >= self._settings.asks
            changes |= {"detail": str(error), "failure": "unparseable" if gives_up else ""}
        self._put(
            number,
            asked,
            raw=completion.text,
            replies=asked.replies + 1,
            prompt_tokens=asked.prompt_tokens + tokens[0],
            completion_tokens=asked.completion_tokens + tokens[1],
            cost=asked.cost + cost,
            lost=asked.lost + lost,
            reserved=0.0,
            **changes,
        )
        self._progress.advance(int(self._of(number).is_settled))

    def failed(self, number: int, error: ModelError) -> None:
        self._put(number, self._of(number), failure="server", detail=str(error))
        self._progress.advance()
        self._failed_in_a_row += 1
        if self._failed_in_a_row == GIVE_UP_AFTER:
            raise ModelError(f"{GIVE_UP_AFTER} calls to the judge failed in a row, the last: {error}")

    def _attempts(self) -> int:
        return sum(asked.attempts for asked in self.asked.values())

    def _chat(self, key: str) -> Sequence[Message]:
        """The prompt; after a reply without a verdict also that reply, and a reminder."""
        prompt, asked = self._prompts[key], self.asked[key]
        return ask_again(prompt.chat, asked.raw, prompt.template, prompt.language) if asked.replies else prompt.chat

    def _most(self, number: int) -> float:
        tokens = most_prompt_tokens(self._chats[number], self._form.schema), self._settings.generation.max_new_tokens
        return self._settings.price.of(*tokens)

    def _of(self, number: int) -> Asked:
        return self.asked[self._round[number]]

    def _put(self, number: int, asked: Asked, **changes: object) -> None:
        """Into the journal first: what is not there has not happened."""
        key, asked = self._round[number], asked.model_copy(update=changes)
        self._journal.put(key, asked.model_dump(mode="json"))
        self.asked[key] = asked


def resumed(value: object, asks: int) -> Asked:
    """What the journal holds of a prompt. A call that was under way when the process ended may have been paid for; what
    a server failed to do is asked again, and so is what settings now allow to be asked once more."""
    if value is None:
        return Asked()
    asked = Asked.model_validate(value)
    changes: dict[str, object] = {"lost": asked.lost + asked.reserved, "reserved": 0.0}
    if asked.failure == "server" or (asked.failure == "unparseable" and asked.replies < asks):
        changes |= {"failure": "", "detail": ""}
    return asked.model_copy(update=changes)
