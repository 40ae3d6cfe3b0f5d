"""Evaluation of query trees over the arrays of a snapshot, with NumPy.

`matcher`, `term_expansion` and `posting_sums` match documents, and `bm25f` scores them. `top_hits`
picks the hits of a page. `facets` and `toggle_counts` count facet values. `cost` limits the cost of
a query. `term_matches` locates the words that matched in one publication. The other layers of the
engine import this package.
"""
