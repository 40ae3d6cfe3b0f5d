"""Tests of `indexer.jobs.link_check`."""
