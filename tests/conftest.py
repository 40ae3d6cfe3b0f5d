"""Fixtures for all tests."""

from tests.catalogue import catalogue_index, client

__all__ = ["catalogue_index", "client"]
