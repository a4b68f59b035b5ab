"""Settings of the index."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from opora.validation import Fraction, NonNegativeInt, PositiveInt, Settings

Retriever = Literal["hybrid", "words", "meaning", "reranked"]
"""How passages are found: by words (BM25), by meaning (vectors), by both, or by both and then in a better order."""


class IndexSettings(Settings):
    """How passages are indexed and found. The last group changes no row: with other values there the index is
    published anew without being built anew."""

    store: str = "lance"
    """`lance`: a table inside the index; `lance:URI`: one in another folder or an object store (`lance:s3://BUCKET/PATH`);
    `milvus:URI`: a collection of a Milvus server, or a file of Milvus Lite."""
    embedder: str = "sif"
    """`sif`: means of word vectors, no download; `none`; `train/NAME`: what `opora train embedder` made;
    `hf:NAME-OR-PATH[@REVISION]`: any model of sentence-transformers; `openai:MODEL@URL`."""
    components: NonNegativeInt = 8
    """Of `sif`: common directions that are removed from the vectors, at most one for ten passages."""
    heading_weight: NonNegativeInt = 2
    """How often the words of title and headings count beside those of the passage."""
    runner: str = "local"
    """Where passages are turned into rows: in this process, or `ray`, or `ray:ADDRESS`."""

    dense_weight: Fraction = 0.25
    """Share of the dense score in the fused one, the lexical score having the rest."""
    depth: PositiveInt = 30
    """Passages that each kind of search hands to the fusion, or twice as many as are asked for if that is more."""
    reranker: str = "none"
    """`none`; `train/NAME`: what `opora train reranker` made; `hf:NAME-OR-PATH[@REVISION]`: a cross-encoder;
    `reward:MODEL`: the probability that a model gives to a right answer from the passage."""
    rerank_depth: PositiveInt = 30
    """Passages of the fused ranking that are ranked anew."""
    diversity: Fraction = 0.0
    """How much a passage loses by saying what better ones say (Carbonell and Goldstein 1998): 0 nothing."""
    neighbors: NonNegativeInt = 0
    """Passages before and after each found one, of the same document, that are joined to it."""
    synonyms: Path | None = None
    """A text file: a line of words or phrases that mean the same, divided by commas."""

    @property
    def of_rows(self) -> dict[str, object]:
        """The settings that rows depend on: with the same, an index can be brought up to date row by row."""
        return self.model_dump(mode="json", include={"store", "embedder", "components", "heading_weight"})
