"""How fast the engine is, beside Tantivy, SQLite FTS5 and stock Whoosh: `make bench`.

`searching`, `building`, `growth`, `worst`, `serving`, `pages`, `trees` and `publishing` each
measure one part and fill one part of `results.json`; `report` writes the page of that file and
measures nothing.
"""
