"""Training of rerankers on a corpus."""
