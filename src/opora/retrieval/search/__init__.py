"""Searching an index: hybrid retrieval, reranking and selection of passages."""
