"""Pages of docs/reference, one per file, each made from the code."""
