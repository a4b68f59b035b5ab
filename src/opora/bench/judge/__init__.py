"""A language model as judge of answers, and how far it can be trusted."""
