"""Tests of `indexer.links`."""
