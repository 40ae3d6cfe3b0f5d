"""Text: streams, lines, encodings, and marks that several formats share.

`streaming` reads blocks within limits, `lines` splits them into lines of UTF-8, and
`legacy_encodings` recognizes older encodings. `markdown` and `citations` read parts of lines. All
readers may import any module.
"""
