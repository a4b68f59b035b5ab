"""Parser of plain text, and the decoding of text for all parsers."""
