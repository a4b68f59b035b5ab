"""Spending limit for model calls: the maximum cost is reserved before a call is sent, and settled when it ends.

budget = Budget(limit=0.10, spent=0.02)
if budget.reserve(0.01):
    ...
    budget.settle(0.01, spent=0.004)
"""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence

from opora.models.base import JsonSchema
from opora.records import Message

TOKENS_PER_MESSAGE, TOKENS_PER_CHAT = 16, 64
"""Upper bounds of the tokens that a chat template adds to a message and to a chat."""


class Budget:
    """Money spent and reserved, for calls from several threads. Without a limit every call is allowed and counted."""

    def __init__(self, limit: float | None, spent: float = 0.0) -> None:
        self.limit, self.spent = limit, spent
        self._reserved = 0.0
        self._lock = threading.Lock()

    def reserve(self, max_cost: float) -> bool:
        """Reserve the maximum cost of a call. Returns False, and reserves nothing, if it exceeds the limit."""
        with self._lock:
            if self.limit is not None and self.spent + self._reserved + max_cost > self.limit:
                return False
            self._reserved += max_cost
            return True

    def settle(self, max_cost: float, spent: float) -> None:
        """Release the reservation of a call that has ended, and count its cost."""
        with self._lock:
            self._reserved = max(0.0, self._reserved - max_cost)
            self.spent += spent


def max_prompt_tokens(chat: Sequence[Message], schema: JsonSchema) -> int:
    """Return an upper bound of the prompt tokens of a chat.

    A token of the usual tokenizers (byte-level BPE, SentencePiece with byte fallback) covers at least one byte. The
    schema counts too, because some servers add it to the prompt.
    """
    texts = [message.content for message in chat] + [json.dumps(schema)]
    return sum(len(text.encode()) + TOKENS_PER_MESSAGE for text in texts) + TOKENS_PER_CHAT
