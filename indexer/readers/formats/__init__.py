"""One module per file format. `indexer.readers.registry` is the only one to import them."""
