"""The data model of a catalogue: its fields, records, and thesaurus.

`fields` and `catalogue_toml` describe a catalogue, `records` its publications, `thesaurus` its
concepts, and `schema` its Whoosh fields. `iso_codes`, `limits` and `safe_files` are helpers.
This package imports `analysis` only. Any package except `analysis` may import its modules.
"""
