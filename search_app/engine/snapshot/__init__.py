"""One generation of a local index, open for reading."""
