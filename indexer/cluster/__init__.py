"""The write side of a cluster: derive an OpenSearch index from a local segment.

`mapping` describes the index, and `documents` turns a segment into its documents.
"""
