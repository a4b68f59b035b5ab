"""Training sets made of labelled examples: split by document, checked for contamination, with provenance."""
