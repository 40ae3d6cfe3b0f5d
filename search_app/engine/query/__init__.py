"""The query language: text in, a tree of `whoosh.query` nodes out.

`field_names` and `year_expressions` rewrite the text, and `lexer` and `grammar` split it. `parser`
builds the tree, `clause_builder` and `literal` turn words into clauses, and `nodes` has our own
nodes. The package opens no index: it reads one through the protocol in `vocabulary`.
`term_expansion` expands prefixes, wildcards and fuzzy terms. `cost` limits a query, and `text_cost`
is its cost in full texts. The rest of the engine may import all of its modules.
"""
