"""Generic reader of the XML formats that are defined in TOML.

A definition lists the elements that are records, and configures the column names. The registry
imports only `XmlReader` in `reader`. The modules below it, from top to bottom: `references`
attaches related elements from elsewhere in the file, `stream` reads the records one by one,
`values` converts them to properties, `find` recognizes them, `options` defines the table `[xml]`,
and `text` decodes the file.
"""
