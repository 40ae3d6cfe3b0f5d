"""The store of a local index: searches evaluated on the arrays of a snapshot, with NumPy.

`store` implements `engine.store.Store`, and `reply` the hits of one search. `clause` and `matcher`
match documents with `posting_sums`. `bm25f` and `semantic` score them, and `top_hits` picks a page.
`facet_filters` and `toggle_counts` filter and count values. `completions` finds words and titles
while a user types. Only the engine itself imports `store`.
"""
