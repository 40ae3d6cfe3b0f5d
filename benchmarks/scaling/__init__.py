"""Compute a cluster for up to 100 million publications from measured values: docs/scaling.md.

`python -m benchmarks.scaling INDEX` prints the tables. It counts words in an index folder of
papers, and reads the other values from the results of `make bench`. `vocabulary` extrapolates the
number of words, `shards` simulates the slowest of many shards, and `plan` computes the rest.
"""
