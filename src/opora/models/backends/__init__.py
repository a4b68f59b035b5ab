"""Backends of language models, one per file."""
