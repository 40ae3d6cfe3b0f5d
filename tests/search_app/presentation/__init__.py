"""Tests of `search_app.presentation`."""
