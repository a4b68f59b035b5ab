"""Making and updating the index of a corpus."""
