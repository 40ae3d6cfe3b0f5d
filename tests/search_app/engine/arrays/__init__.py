"""Tests of `search_app.engine.arrays`."""
