"""Parsers of the binary formats of Microsoft Office 97-2003."""
