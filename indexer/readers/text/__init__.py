"""Text utilities of several readers: streams, lines, encodings, Markdown, and citations.

`streaming` reads blocks within limits, `lines` splits them into lines of UTF-8, and
`legacy_encodings` recognizes older encodings. `markdown` and `citations` parse lines of text. All
readers may import any module.
"""
