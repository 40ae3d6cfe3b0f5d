"""The store of an index in a cluster of OpenSearch.

`client` sends searches and checks the responses. `queries` translates query trees, `phrases` and
`frequencies` count what its queries need, and `selections` turns selected values into queries.
`page` loads the hits of a page with the facets. `best_hits` orders the first hits by title matches,
nearness, and feedback. `reply` evaluates one search, and `store` is the `Store`.
"""
