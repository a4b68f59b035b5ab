"""Parser of Markdown."""
