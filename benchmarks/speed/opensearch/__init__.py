"""Measure an index in a cluster of OpenSearch against the same index in a folder.

`node` starts a node, `loading` builds in a process of its own, `queries` draws the searches,
`searching` compares and times them, and `serving` requests pages. `measure` runs them all, and
`measured` is the part of the results. `table` renders it.
"""
