"""Tests of `indexer.analysis`."""
