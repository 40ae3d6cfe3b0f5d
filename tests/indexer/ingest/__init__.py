"""Tests of `indexer.ingest`."""
