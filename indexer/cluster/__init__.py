"""The write side of a cluster: derive an OpenSearch index from a local generation, and publish it.

`mapping` describes the index, and `documents` turns a segment and its full texts into documents.
`vocabulary_file` contains the words that readers need. `generations` tells the indexes of a
catalogue from those of others, moves the alias, verifies, and rolls back. `load` loads a generation
and makes it live, and `marker` excludes other builds. `connection` makes the client, and `errors`
translates its errors.
"""
