"""Search features beyond the list of hits.

`page_hits` marks titles and selects passages. `zero_results` finds alternative searches, and
`autocomplete` suggests while typing. `search` imports the package.
"""
