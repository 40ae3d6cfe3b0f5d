"""Benchmark of the ranking quality: judged test collections, this engine, and its peers."""
