"""File formats: parse a file into source records."""
