"""The data model of a catalogue: its fields, records, and thesaurus.

`fields`, `catalogue_toml`, and `catalogue_checks` describe a catalogue, and `translations` its
texts in other languages, `roles` the meaning of its fields in CSL, `records` its publications,
`thesaurus` its concepts, `schema` its Whoosh fields, and `appearance` its colors and logo.
`retired` lists ids of earlier publications, and `tested_links` the results of testing links.
`column_names` lists usual names of columns in sources. `limits` and `safe_files` are helpers. This
package imports `analysis` and `values` only.
"""
