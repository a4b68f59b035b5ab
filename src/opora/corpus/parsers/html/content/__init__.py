"""Choice of the content of a page."""
