"""Split of the documents between the trainings of an embedder and of a reranker.

A reranker must not train on documents that the embedder has seen: there the embedder is better than on new ones.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Literal, NamedTuple

EMBEDDER_UNTIL = 0.5
"""The embedder trains on documents below this position."""
RERANKER_FROM = 0.55
"""The reranker trains on documents from this position on; the embedder is evaluated on all that it did not train on."""
HELD_OUT_SHARE = 0.2
"""Share of the documents of the reranker that are held out to evaluate it."""

Part = Literal["train", "held out"]


def split_position(document_id: str, seed: int) -> float:
    """Return a number from 0 to 1 for a document, evenly distributed and reproducible."""
    digest = hashlib.sha256(f"part {seed} {document_id}".encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48


class DocumentSplit(NamedTuple):
    """Split of the documents for a reranker. An embedder was trained on those below `first`."""

    seed: int
    first: float

    def part(self, document_ids: Sequence[str]) -> Part | Literal["seen", "mixed"]:
        """Return the part of a question about some documents; `mixed` if they belong to both parts."""
        positions = [split_position(document_id, self.seed) for document_id in document_ids]
        if min(positions) < self.first:
            return "seen"
        held_out_from = 1 - HELD_OUT_SHARE * (1 - self.first)
        held_out = {position >= held_out_from for position in positions}
        return "mixed" if len(held_out) > 1 else "held out" if held_out.pop() else "train"
