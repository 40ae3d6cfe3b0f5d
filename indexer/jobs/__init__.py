"""The work of each command of the write side, one module per command.

`build` turns a corpus into a published generation and counts by `build_stats`; `check` reports the
problems of a corpus, `importer` makes a catalogue of a file, `verify` checks an index. Only the
command line and the server's background build import it.
"""
