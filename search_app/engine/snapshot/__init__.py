"""One generation of a local index, open for reading.

`snapshot` has its arrays and caches, and `vocabulary` its words. `loader` reads or maps the files
and checks their digests. `facet_counts`, `label_index` and `title_index` are derived from the
arrays. The package reads segments through `indexer.codec.segment`. `arrays` and the engine import
it. `vocabulary` and `label_index` need no segment.
"""
