"""The write side of a cluster: derive an OpenSearch index from a local segment, and fill it.

`mapping` describes the index, `documents` turns a segment into documents, and `bulk` sends them.
`files` stores the files of a generation in the cluster, one of which `vocabulary_file` writes.
`connection` makes the client for all.

`generations` lists the generations in a cluster. `publish` loads one and makes it live, with the
`changes` since the live one if possible. `lock` excludes other builds. `mirror` copies the files of
a generation to readers. `check` verifies, and rolls back.
"""
