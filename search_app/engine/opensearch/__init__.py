"""The store of an index in a cluster of OpenSearch.

`queries` says which documents a tree matches, and orders them roughly. `search` asks for the best
of them and the counts, `candidates` scores them in this process with the words and rules of both
stores, and `facets` makes buckets. `texts` finds pages of full texts. `store` contains all of these
behind the interface of the engine, and `client` sends the requests.
"""
