"""Generic reader of the XML formats that are defined in TOML.

A definition lists the elements that are records, and configures the column names. The registry
imports only `XmlReader` in `reader`. The modules below it, from top to bottom: `references`
attaches related elements from elsewhere in the file, `split` reads records one by one, `find`
recognizes records, `values` converts them to properties, `options` defines the table `[xml]`,
`sketch` parses the start of a file, and `text` decodes it.
"""
