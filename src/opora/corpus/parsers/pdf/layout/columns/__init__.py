"""Columns of a page and the white strips between them."""
