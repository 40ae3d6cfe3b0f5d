"""Tables: rows of delimited text and of spreadsheets become source records."""
