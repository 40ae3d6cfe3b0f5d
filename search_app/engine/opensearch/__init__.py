"""The store of an index in a cluster of OpenSearch.

`client` sends searches and checks the responses. `selections` turns selected values into queries,
and `facets` counts values by aggregations.
"""
