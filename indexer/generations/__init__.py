"""Immutable generations of the index, of which one is live.

- `manifest` describes a generation.
- `directory` lists, loads, and checks the generations on disk.
- `publish` writes a generation and makes it live.
- `fsync` makes writes durable.
- `last_build` records the outcome of the last build.

The read side imports only `directory` and `manifest`. `jobs` imports all modules.
"""
