"""Tests of `search_app.engine.snapshot`."""
