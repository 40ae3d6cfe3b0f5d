"""Immutable generations of the index, of which one is live.

`manifest` describes a generation, `directory` lists, loads and checks those on disk, `publish`
writes one and makes it live, `fsync` makes writes durable, `last_build` has the outcome of the last
build. The read side imports `directory` and `manifest`, `jobs` imports all.
"""
