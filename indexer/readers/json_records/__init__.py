"""Generic reader of the JSON, JSON Lines, and YAML formats that are defined in TOML.

`reader` is configured by the table `[json]` of a definition. `outline` locates the records,
`stream` and `yaml_stream` read them, `flattening` and `names` convert them to columns, and
`linked_data` resolves JSON-LD. Formats may import any module.
"""
