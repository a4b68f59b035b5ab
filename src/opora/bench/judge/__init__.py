"""A language model as judge of answers, and audits of its reliability."""
