"""The data model of a catalogue: its fields, its records, its thesaurus.

`fields` and `catalogue_toml` describe a catalogue, `records` the publications in it, `thesaurus`
its concepts, `schema` its Whoosh fields. `iso_codes`, `limits` and `safe_files` serve all of them.
It imports `analysis` only. Every other package may import all of its modules.
"""
