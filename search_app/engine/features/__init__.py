"""Search features beyond the list of hits.

`highlight` marks titles and selects passages. `zero_results`, `nearest_texts` and `missing_places`
find alternative searches. `autocomplete` suggests while typing. `search` imports the package.
"""
