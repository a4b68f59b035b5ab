"""A question in, an answer out: retrieve, prompt, generate, check every citation."""
