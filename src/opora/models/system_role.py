"""Chats for models without a system role, such as Gemma 2: the system message becomes the head of the first turn."""

from __future__ import annotations

from collections.abc import Sequence

from opora.records import Message


def merge_system(chat: Sequence[Message]) -> list[Message]:
    """Return a chat whose system messages are the first paragraphs of the user's first message."""
    system = [message.content for message in chat if message.role == "system"]
    turns = [message for message in chat if message.role != "system"]
    if not system:
        return turns
    if not turns or turns[0].role != "user":
        return [Message(role="user", content="\n\n".join(system)), *turns]
    return [Message(role="user", content="\n\n".join([*system, turns[0].content])), *turns[1:]]
