"""Answers with verified citations, from a language model or from sentences of the passages."""
