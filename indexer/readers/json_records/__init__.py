"""Generic reader of the JSON and YAML formats that are defined in TOML."""
