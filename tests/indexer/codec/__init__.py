"""Tests of `indexer.codec`."""
