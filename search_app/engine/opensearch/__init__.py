"""The store of an index in a cluster of OpenSearch.

`client` sends searches and checks the responses. `queries` translates query trees, with the clauses
of `field_queries` and `fulltext`. `phrases` and `frequencies` count what these need, and
`selections` turns selected values into queries.
`page` loads the hits of a page with the facets. `best_hits` orders the first hits by title matches,
nearness, and feedback, and `found_pages` finds the pages of full texts. `reply` evaluates one
search, and `store` is the `Store`.
"""
