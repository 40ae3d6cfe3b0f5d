"""The data model of a catalogue: its fields, records, and thesaurus.

`fields` and `catalogue_toml` describe a catalogue, `records` its publications, `thesaurus` its
concepts, and `schema` its Whoosh fields. `column_names` lists usual names of columns in sources.
`tested_links` has the results of testing links. `limits` and `safe_files` are helpers. This package
imports `analysis` and `values` only.
"""
