"""One module per file format. `indexer.readers.registry` selects the module for a file."""
