"""One generation of the index, open for reading.

`snapshot` has its arrays and caches. `loader` reads or maps the files and checks their digests.
`facet_table`, `prefix_index` and `editions` are derived from the arrays. The package reads segments
through `indexer.codec.segment`. The layers above it in the engine import it.
"""
