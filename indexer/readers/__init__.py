"""File formats: parse a file into source records.

`registry` lists all formats and selects one by file name extension. `formats` has one module per
format. `decoding` converts bytes to text. Formats do not import each other. Other packages import
`registry` only, except that `indexer.jobs.importer` writes pages with `formats.html`.
"""
