"""The commands of the write side, one module per command.

- `build` turns a corpus into a published generation, and `build_stats` counts for it.
- `check` reports the problems of a corpus.
- `link_check` tests the links of a corpus.
- `importer` turns a file into a catalogue folder.
- `verify` checks an index.

Only the command line and the background build of the server import this package.
"""
