"""Headings that are told by their form, such as `Статья 12.`, in documents that do not mark them."""

from __future__ import annotations

from collections.abc import Sequence

from opora.corpus.blocks import Block


def mark_headings(blocks: Sequence[Block]) -> list[Block]:
    """Return the blocks with headings by form marked as such."""
    return list(blocks)
