"""Entities that search treats as terms of their own: norms, codes, references, dates."""
