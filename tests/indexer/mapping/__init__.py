"""Tests of `indexer.mapping`."""
