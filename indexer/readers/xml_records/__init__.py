"""Generic reader of the XML formats that are defined in TOML."""
