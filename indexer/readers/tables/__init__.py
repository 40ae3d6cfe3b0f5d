"""Tables: code that the readers of delimited text and spreadsheets share.

`reader` converts rows to records, and `headings` finds the header. `dialects` guesses delimiters
and quotation marks, and `rows` splits text by them. `spreadsheet_process` reads spreadsheets in a
child process with limits. Formats may import any module.
"""
