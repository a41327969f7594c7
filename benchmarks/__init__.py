"""How fast kaudio is, and how much memory it takes: `python -m benchmarks`."""
