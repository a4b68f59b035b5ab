"""Parsers of Markdown and plain text."""
