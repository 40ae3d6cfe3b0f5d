"""Query understanding: the most likely meaning of a query in this index."""
