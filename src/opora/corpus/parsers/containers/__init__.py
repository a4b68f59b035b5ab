"""Parsers of files that hold documents: letters with attachments, and archives."""
