"""Parsers of books: EPUB and FictionBook."""
