"""Detection of the kind of a file."""
