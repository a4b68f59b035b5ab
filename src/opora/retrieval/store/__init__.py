"""Stores, the tables that an index keeps its passages in: Lance and Milvus."""
