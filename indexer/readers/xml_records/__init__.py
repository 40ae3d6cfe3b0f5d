"""Generic reader of the XML formats that are defined in TOML.

A definition lists the elements that are records, and configures the column names. `reader` puts
together the modules below it: `stream` yields the record elements one by one, `values` converts
them to columns, and `references` attaches related elements from elsewhere in the file. They use
`find`, which recognizes records, `options`, the table `[xml]`, and `text`, which decodes the file.
"""
