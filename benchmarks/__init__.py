"""Benchmarks of this engine and its peers. They are not part of the installed package."""
