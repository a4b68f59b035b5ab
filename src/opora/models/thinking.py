"""Thinking that a language model writes before its answer, between marks such as `<think>` and `</think>`."""

from __future__ import annotations

import re

_NAME = r"(?:think(?:ing)?|thoughts?|reason(?:ing)?|reflection|analysis)"
_BLOCK = re.compile(rf"<\s*({_NAME})\s*>.*?<\s*/\s*\1\s*>|◁think▷.*?◁/think▷", re.DOTALL | re.IGNORECASE)
_END = re.compile(rf".*(?:<\s*/\s*{_NAME}\s*>|◁/think▷)", re.DOTALL | re.IGNORECASE)
_START = re.compile(rf"(?:<\s*{_NAME}\s*>|◁think▷).*", re.DOTALL | re.IGNORECASE)


def remove_thinking(text: str) -> str:
    """Return the text without thinking. A block whose start was in the prompt, or whose end was cut off, goes too."""
    for pattern in (_BLOCK, _END, _START):
        text = pattern.sub("", text)
    return text.strip()
