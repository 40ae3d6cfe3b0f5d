"""Tests of `indexer.fulltext`."""
