"""The rules of relevance that both stores share: they need no postings.

`term_scores` has the formulas of BM25F. `title_match`, `nearness` and `feedback` say which hits
rise and by how much, and `more_like_this` selects the words that similar publications have. A store
measures the hits: `arrays` with postings, and `opensearch` with requests.
"""
