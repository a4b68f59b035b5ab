"""Parsing in a separate process with limits on time, memory, writing and the network."""
