"""Parsers of documents: a folder for each family of formats, a module for each format."""
