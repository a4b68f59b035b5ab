"""Forms of chats in which models differ: some have no system role, some think aloud before they answer."""

from __future__ import annotations

import re
from collections.abc import Sequence

from opora.records import Message

_NAME = r"(?:think(?:ing)?|thoughts?|reason(?:ing)?|reflection|analysis)"
_BLOCK = re.compile(rf"<\s*({_NAME})\s*>.*?<\s*/\s*\1\s*>|◁think▷.*?◁/think▷", re.DOTALL | re.IGNORECASE)
_END = re.compile(rf".*(?:<\s*/\s*{_NAME}\s*>|◁/think▷)", re.DOTALL | re.IGNORECASE)
_START = re.compile(rf"(?:<\s*{_NAME}\s*>|◁think▷).*", re.DOTALL | re.IGNORECASE)


def merge_system(chat: Sequence[Message]) -> list[Message]:
    """Return a chat whose system messages are the first paragraphs of the user's first message.

    For models without a system role, such as Gemma 2.
    """
    system = [message.content for message in chat if message.role == "system"]
    turns = [message for message in chat if message.role != "system"]
    if not system:
        return turns
    if not turns or turns[0].role != "user":
        return [Message(role="user", content="\n\n".join(system)), *turns]
    return [Message(role="user", content="\n\n".join([*system, turns[0].content])), *turns[1:]]


def remove_thinking(text: str) -> str:
    """Return the text without thinking. A block whose start was in the prompt, or whose end was cut off, goes too."""
    for pattern in (_BLOCK, _END, _START):
        text = pattern.sub("", text)
    return text.strip()
