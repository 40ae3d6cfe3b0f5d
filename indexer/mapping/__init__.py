"""From the columns of a source to the rows of a catalogue.

`sources.toml` in a corpus folder says which column feeds which row. `sources` reads and writes
it, and `mapper` applies it to each record. `profile`, `guessing` and `facet_choice` propose it
when a file is imported. `ingest` uses the mapper only; the rest is for `jobs.importer`.
"""
