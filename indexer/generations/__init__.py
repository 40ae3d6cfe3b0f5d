"""Immutable generations of the index, of which one is live."""
