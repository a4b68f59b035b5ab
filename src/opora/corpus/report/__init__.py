"""Report on a corpus: what was read, what was left out and why, what is suspect."""
