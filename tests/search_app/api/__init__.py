"""Tests of `search_app.api`."""
