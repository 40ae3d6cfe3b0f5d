"""File formats: parse a file into source records.

`base` has the `Reader` protocol. `formats` has one reader per format; they do not import each
other. `registry` chooses the reader of a file. Other packages import `base` and `registry`.
"""
