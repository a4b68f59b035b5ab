"""Chunkers, one file per method."""
