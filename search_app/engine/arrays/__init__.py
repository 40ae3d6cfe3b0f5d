"""The store of a local index: searches evaluated on the arrays of a snapshot, with NumPy.

`store` implements `engine.store.Store`, and `reply` the hits of one search. `evaluation` matches
and scores documents, `semantic` adds to the scores, and `top_hits` picks a page. `facets` filters
and counts values. Only the engine itself imports `store`.
"""
