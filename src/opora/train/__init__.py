"""Training of language models, embedders and rerankers."""
