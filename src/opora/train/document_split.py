"""Which documents train the embedder, and which the reranker: what one has seen, the other must not learn from.

In: a document's id and a seed. Out: a number that says which part it belongs to.

    part_of("1f0c", seed=0)                      # 0.63
    part_of("1f0c", seed=0) >= RERANKER_FROM     # True: the reranker may learn from it
"""

from __future__ import annotations

import hashlib

EMBEDDER_UNTIL = 0.5
"""The embedder trains on documents below this."""
RERANKER_FROM = 0.55
"""The reranker trains on documents from here on; the embedder is measured on those between."""


def part_of(document_id: str, seed: int) -> float:
    """A number from 0 up to 1, evenly spread over documents, the same wherever it is asked for."""
    digest = hashlib.sha256(f"part {seed} {document_id}".encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48
