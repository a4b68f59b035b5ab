"""Training objectives: losses over the log-probabilities of answers."""
