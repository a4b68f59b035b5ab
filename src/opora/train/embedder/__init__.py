"""Training of embedders on a corpus."""
