"""The query language: text in, a tree of `whoosh.query` nodes out.

The package opens no index: it reads one through `vocabulary`. The rest of the engine may import all
of its modules.
"""
