"""Tests of `indexer.generations`."""
