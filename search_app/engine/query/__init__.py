"""The query language: text in, a tree of `whoosh.query` nodes out.

`lexer`, `grammar`, `literal`, `word_limit` and `year_expressions` take the text apart, `parser`
builds the tree, `clause_builder` turns typed words into clauses, `nodes` has our own nodes.
It needs no index: `clause_builder.Vocabulary` says what is in one. The rest of the engine may
import all of its modules.
"""
