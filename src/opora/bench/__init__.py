"""A table that can be believed: every answer kept, every score with its interval."""
