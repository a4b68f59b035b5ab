"""Parser of HTML."""
