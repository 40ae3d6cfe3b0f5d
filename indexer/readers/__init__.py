"""File formats: a file in, source records out.

`registry` knows all formats and chooses one by the name of a file, `formats` has one module per
format, `decoding` turns bytes into text. Formats do not import each other. Other packages import
`registry` only.
"""
