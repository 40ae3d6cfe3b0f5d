"""Tests of `search_app.engine.interpretation`."""
