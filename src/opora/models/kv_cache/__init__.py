"""Keys and values of shared prompt prefixes."""
