"""Money that calls may cost: reserved before a call is sent, settled when it has ended.

In: a limit, what was spent before. Out: yes or no to each call; never more spent than the limit.

    budget = Budget(limit=0.10, spent=0.02)
    if budget.reserve(0.01):
        ...
        budget.settle(0.01, spent=0.004)
"""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence

from opora.models.batch_calls import JsonSchema
from opora.records import Message

TOKENS_A_MESSAGE, TOKENS_A_CHAT = 16, 64
"""More than the chat templates in use put around a message, and around all of them."""


class Budget:
    """See the module. Without a limit every call is allowed, and the money is only counted."""

    def __init__(self, limit: float | None, spent: float = 0.0) -> None:
        self.limit, self.spent = limit, spent
        self._reserved = 0.0
        self._lock = threading.Lock()

    def reserve(self, most: float) -> bool:
        """Set aside what a call may cost at most; False, and nothing set aside, if it does not fit any more."""
        with self._lock:
            if self.limit is not None and self.spent + self._reserved + most > self.limit:
                return False
            self._reserved += most
            return True

    def settle(self, most: float, spent: float) -> None:
        """A call has ended that had `most` set aside and cost `spent`."""
        with self._lock:
            self._reserved = max(0.0, self._reserved - most)
            self.spent += spent


def most_prompt_tokens(chat: Sequence[Message], schema: JsonSchema) -> int:
    """An upper bound: a token of the usual tokenizers (byte-level BPE, SentencePiece with bytes to fall back on) covers
    at least a byte. Servers that show the schema to the model count it too."""
    texts = [message.content for message in chat] + [json.dumps(schema)]
    return sum(len(text.encode()) + TOKENS_A_MESSAGE for text in texts) + TOKENS_A_CHAT
