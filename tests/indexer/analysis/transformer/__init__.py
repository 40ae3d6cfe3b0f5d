"""Tests of `indexer.analysis.transformer`."""
