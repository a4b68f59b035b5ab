"""Rerankers: scores for candidate passages, one kind per file."""
