"""Measurements of this engine beside its peers; no part of what is installed."""
