"""The commands of the write side.

- `build` turns a corpus into a published generation. `build_stats`, `fulltexts`, and `retirement`
  are parts of it.
- `locations` is an index in a folder or in a cluster, as the commands see it. `cluster_location`
  and `cluster_build` are parts of it.
- `check` reports the problems of a corpus.
- `link_check` tests the links of a corpus.
- `importer` turns files into a corpus folder with `sources.toml`, and `pages` a file into a folder
  of pages. `import_files`, `import_report`, and `folder_switch` are parts of them.
- `verify` checks an index.

Only the command line and the background build of the server import this package.
"""
