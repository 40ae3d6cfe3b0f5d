"""Text utilities of several readers: streams, lines, encodings, Markdown, and citations.

`streaming` reads blocks within limits, and `lines` splits them into lines. `encodings` decodes
text, and `legacy_encodings` recognizes older encodings. `markdown` and `citations` parse lines of
text. All readers may import any module.
"""
