"""Tests of `search_app.engine.opensearch` that need no node."""
