"""Output for people: progress on standard error."""
