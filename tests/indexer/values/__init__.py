"""Tests of `indexer.values`."""
