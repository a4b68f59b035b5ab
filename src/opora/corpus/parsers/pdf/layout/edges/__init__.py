"""Lines at the edges of pages that are no part of the text."""
