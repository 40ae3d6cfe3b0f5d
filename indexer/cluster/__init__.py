"""The write side of a cluster: derive an OpenSearch index from a local segment, and fill it.

`mapping` describes the index, `documents` turns a segment into documents, and `bulk` sends them.
`files` stores the files of a generation in the cluster, one of which `vocabulary_file` writes.
`connection` makes the client for all.
"""
