"""Benchmark of the engine's speed against Tantivy, SQLite FTS5, and stock Whoosh: `make bench`.

`searching`, `building`, `growth`, `worst`, `serving`, `pages`, `trees`, `publishing`, and
`opensearch` each measure one part and fill one part of `results.json`. `report` renders the page
from that file and measures nothing.
"""
