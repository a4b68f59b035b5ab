"""Parsers, one file per document format."""
