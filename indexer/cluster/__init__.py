"""The write side of a cluster: derive an OpenSearch index from a local segment, and fill it.

`mapping` describes the index, `documents` turns a segment into documents, and `bulk` sends them.
Full texts are parts of documents (`fulltext_documents`). `files` stores the files of a generation
in the cluster, of which `vocabulary_file` and `fulltext_file` write one each. `connection` makes
the client for all, and `errors` translates its errors.

`ownership` tells the indexes of a catalogue from those of others. `generations` lists the
generations in a cluster. `loader` loads one, with the `changes` since the live one if possible, and
`publish` makes it live. `lock` excludes other builds until their `process` ends. `mirror` copies
the files of a generation to readers. `check` verifies, and rolls back.
"""
