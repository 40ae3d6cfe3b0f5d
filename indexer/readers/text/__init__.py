"""Text utilities of several readers: streams, lines, encodings, Markdown, and citations.

`streaming` reads blocks within limits, and `lines` splits them into lines. `encodings` decodes
text. `markdown` and `citations` parse lines of text. All readers may import any module.
"""
