"""JSON, JSON Lines and YAML: the generic reader of formats that are defined in TOML.

`reader` reads them by the table `[json]` of a definition. `outline` finds where the records are,
`splitter` and `yaml_splitter` cut them out, `flattening` and `names` make columns of them, and
`linked_data` resolves JSON-LD. Formats may import any module.
"""
