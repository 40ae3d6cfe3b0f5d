"""Tables: what delimited text and spreadsheets share.

`reader` makes records of rows, and `headings` finds the row of headings. `dialects` and `quoting`
know delimiters and quotes, `blocks` the encodings of a text, and `spreadsheet_process` reads
spreadsheets in a child process with limits. Formats may import any module.
"""
