"""Metrics of answers and of retrieval, one per file with its source, and intervals of their means."""
