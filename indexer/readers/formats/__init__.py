"""One reader per file format. `indexer.readers.registry` chooses the one for a file."""
