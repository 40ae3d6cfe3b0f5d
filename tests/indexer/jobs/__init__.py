"""Tests of `indexer.jobs`."""
