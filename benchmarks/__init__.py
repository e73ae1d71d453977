"""Benchmarks: the product beside floor programs that do the same durable work by hand, in the same run."""
