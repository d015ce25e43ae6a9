"""Is Runoff honest? benchmarks/ checks the runtimes, tests/ checks us."""
