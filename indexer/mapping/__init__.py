"""Mapping: convert the columns of a source to the fields of a catalogue, as `sources.toml` says."""
