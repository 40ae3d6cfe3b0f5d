"""Tagged text, such as RIS: the generic reader of formats that are defined in TOML.

`reader` reads them by the table `[tagged]` of a definition. `record_lines` finds the lines of each
record. Only the registry imports it.
"""
