"""Mapping: convert the columns of a source to the rows of a catalogue, as `sources.toml` says."""
