"""Tests of `search_app.i18n`."""
