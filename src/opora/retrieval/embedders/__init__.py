"""Embedders: texts to vectors, one kind per file."""
