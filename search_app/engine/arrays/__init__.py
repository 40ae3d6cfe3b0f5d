"""Evaluation of query trees over the arrays of a snapshot, with NumPy.

`matcher`, `term_expansion` and `posting_sums` find documents, `bm25f` scores them, `top_hits` picks
a page, `facets` and `toggle_counts` count, `cost` limits what a query may cost, `term_matches`
finds the words of a publication that a clause matches. The layers above it in the engine import it.
"""
