"""The store of an index in a cluster of OpenSearch.

`selections` turns selected values into queries, and `facets` counts values by aggregations.
"""
