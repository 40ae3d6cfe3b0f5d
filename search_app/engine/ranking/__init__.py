"""The rules of relevance that both stores share: they need no postings.

`term_scores` has the formulas of BM25F. `nearness` and `feedback` say which hits rise and by how
much, and `key_terms` selects the words that similar publications have. A store measures the hits:
`arrays` with postings, and `opensearch` with requests.
"""
