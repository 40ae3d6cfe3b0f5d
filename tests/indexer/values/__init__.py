"""Tests of `indexer.catalogue`."""
