"""Report: the results of benchmarks as an HTML page, Markdown, LaTeX and JSON."""
