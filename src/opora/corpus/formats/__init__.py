"""One module a format: bytes in, Markdown out. Runs inside the confined worker, so nothing here imports lazily."""
