"""Chats whose failures stand apart: a caller that has a say in each call, and hears how it ended.

In: a model, chats, a `Calls`. Out: what each chat came to, told to the `Calls` as it happens.

    class Kept(Calls):
        def answered(self, number: int, completion: Completion) -> None: ...
        def failed(self, number: int, error: ModelError) -> None: ...

    model.generate_each(chats, Kept())
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from opora.errors import InputError, ModelError

if TYPE_CHECKING:
    from opora.models.base import Chat, Completion, LanguageModel

JsonSchema = Mapping[str, object]


class Calls:
    """What a caller decides and hears; chats are named by their index. This one allows every call, and the first
    failure ends all. `schema`: what completions are to be JSON of, where the backend can see to it."""

    schema: JsonSchema | None = None

    def may_send(self, number: int) -> bool:
        """Asked before each attempt. A chat that may not be sent ends without completion or failure."""
        return True

    def lost(self, number: int, charged: bool) -> None:
        """An attempt failed; `charged`: the server may have done the work and ask to be paid for it."""

    def answered(self, number: int, completion: Completion) -> None:
        """The completion is there."""

    def failed(self, number: int, error: ModelError) -> None:
        """The last attempt at a chat failed. What concerns all chats, such as a wrong key, is raised instead."""
        raise error


def generate_apart(model: LanguageModel, chats: Sequence[Chat], calls: Calls) -> None:
    """`generate_each` of a model without a server: all chats together, or, if that fails, what is left one by one."""
    sent = [number for number in range(len(chats)) if calls.may_send(number)]
    answered: set[int] = set()

    def generate(numbers: list[int]) -> None:
        def keep(place: int, completion: Completion) -> None:
            answered.add(numbers[place])
            calls.answered(numbers[place], completion)

        model.generate([chats[number] for number in numbers], keep)

    try:
        generate(sent)
    except (InputError, ModelError):
        for number in [each for each in sent if each not in answered]:
            try:
                generate([number])
            except (InputError, ModelError) as error:
                calls.lost(number, charged=False)
                calls.failed(number, ModelError(str(error)))
