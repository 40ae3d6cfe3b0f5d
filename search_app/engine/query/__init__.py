"""The query language: text in, a tree of nodes out.

The package opens no index: it reads one through `vocabulary`. The rest of the engine may import all
of its modules.
"""
