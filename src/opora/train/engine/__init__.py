"""Log-probabilities of answers, with shared prompt prefixes computed once."""
