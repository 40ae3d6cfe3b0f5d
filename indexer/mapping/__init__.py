"""Mapping: convert the columns of a source to the rows of a catalogue.

`sources.toml` in a corpus folder maps columns to rows. `sources` reads and writes it, and `mapper`
applies it to each record. During an import, `proposal` and `catalogue_proposal` propose it.
`ingest` uses the mapper only. The other modules are for `jobs.importer`.
"""
