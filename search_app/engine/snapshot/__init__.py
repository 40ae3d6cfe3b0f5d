"""One generation of a local index, open for reading.

`snapshot` has its arrays and caches, and `vocabulary` its words, in arrays that `vocabulary_arrays`
takes from the segment. `loader` reads or maps the files and checks their digests. `facet_counts`,
`prefix_index` and `editions` are derived from the arrays. The package reads segments through
`indexer.codec.segment`. `arrays` and the engine import it.
"""
