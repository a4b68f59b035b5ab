"""Settings of the index and of its search."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from opora.retrieval.embedders.settings import EmbeddingSettings
from opora.retrieval.rerankers.settings import RerankingSettings
from opora.validation import Fraction, NonNegativeInt, PositiveInt, Settings, warn_of_old_name

Retriever = Literal["hybrid", "bm25", "dense", "reranked"]
"""Search method: BM25, dense vectors, both fused (`hybrid`), or both fused and reranked."""
RENAMED_RETRIEVERS = {"words": "bm25", "meaning": "dense"}
"""Names of retrievers in the last release -> names now."""


class IndexSettings(Settings):
    """Settings of building and searching the index."""

    renamed = {
        "components": "sif_components",
        "depth": "candidates",
        "rerank_depth": "rerank_candidates",
        "diversity": "mmr_lambda",
        "neighbors": "neighbor_passages",
    }

    store: str = "lance"
    """`lance`: a table inside the index; `lance:URI`: one in another folder or an object store (`lance:s3://BUCKET/PATH`);
    `milvus:URI`: a collection of a Milvus server, or a file of Milvus Lite."""
    embedder: str = "sif"
    """`sif`: weighted means of word vectors, no download; `none`: BM25 only; `train/NAME`: trained by `opora train
    embedder`; `hf:NAME-OR-PATH[@REVISION]`: any sentence-transformers model; `openai:MODEL@URL`: a server."""
    embedding: EmbeddingSettings = EmbeddingSettings()
    """Batch size, device and server limits of the embedder; they do not change the vectors."""
    sif_components: NonNegativeInt = 8
    """Number of common directions that `sif` removes from the vectors; at most one per ten passages."""
    heading_weight: NonNegativeInt = 2
    """How many times the terms of title and headings are counted in each passage."""
    runner: str = "local"
    """Where passages are processed: `local` (this machine), `ray`, or `ray:ADDRESS`."""

    dense_weight: Fraction = 0.25
    """Weight of the dense score in the fused score; BM25 has the rest. Search only: changing it rebuilds no row, nor do
    the settings below."""
    candidates: PositiveInt = 30
    """Number of passages that BM25 and dense search each pass to the fusion; at least twice `top_k`."""
    reranker: str = "none"
    """`none`; `train/NAME`: trained by `opora train reranker`; `hf:NAME-OR-PATH[@REVISION]`: a cross-encoder;
    `llm:MODEL`: the probability that a language model answers "yes" to "does the passage answer the question?"."""
    reranking: RerankingSettings = RerankingSettings()
    """Batch size and device of the reranker; they do not change the scores."""
    rerank_candidates: PositiveInt = 30
    """Number of fused candidates passed to the reranker."""
    mmr_lambda: Fraction = 1.0
    """Weight of relevance against novelty in maximal marginal relevance (Carbonell and Goldstein 1998); 1: none."""
    neighbor_passages: NonNegativeInt = 0
    """Number of passages before and after each hit, from the same document, that are added to the hits."""
    synonyms: Path | None = None
    """Text file of synonyms: words or phrases with the same meaning on one line, separated by commas."""

    @classmethod
    def with_current_names(cls, data: Mapping[str, Any]) -> dict[str, Any]:
        """Replace old names; `diversity`, the weight of novelty, becomes `mmr_lambda`, the weight of relevance."""
        diversity = data.get("diversity")
        if isinstance(diversity, int | float) and "mmr_lambda" not in data:
            warn_of_old_name(f"diversity: {diversity:g}", f"mmr_lambda: {1 - diversity:g}")
            data = {key: value for key, value in data.items() if key != "diversity"} | {"mmr_lambda": 1 - diversity}
        return super().with_current_names(data)

    @property
    def row_fields(self) -> dict[str, object]:
        """Settings that the rows of the table depend on; if none changed, an index is updated instead of rebuilt."""
        return self.model_dump(mode="json", include={"store", "embedder", "sif_components", "heading_weight"})
