"""Parsers of well-known sites, whose pages have a known form."""
