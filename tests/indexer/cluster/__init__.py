"""Tests of `indexer.cluster`."""
