"""Results of benchmarks: metrics, tables with intervals, and their formats."""
