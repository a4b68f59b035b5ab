"""Search: embedders, stores, the index, hybrid retrieval and rerankers."""
