"""The reader of XML formats.

A definition says which elements are records, and how to name columns. `XmlReader` in `reader.py` is
all that the registry uses. The modules below it, from top to bottom: `references` attaches parts
that are elsewhere in the file, `split` reads records one by one, `find` recognizes them, `values`
makes properties of them, `options` is the table `[xml]`, `sketch` reads the start of a file, and
`text` decodes it.
"""
