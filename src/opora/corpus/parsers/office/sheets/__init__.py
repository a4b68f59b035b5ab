"""Parsers of spreadsheets: Excel, OpenDocument, and text with separators."""
