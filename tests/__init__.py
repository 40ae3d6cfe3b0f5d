"""The tests, one module a module."""
