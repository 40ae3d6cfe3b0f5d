"""Generic reader of tagged text formats, such as RIS, that are defined in TOML.

`reader` is configured by the table `[tagged]` of a definition. `record_lines` splits a file into
records. Only the registry imports this package.
"""
