"""The Whoosh codec: write one segment of the index and open it for Whoosh.

`writer` turns publications into a segment, and `fulltext_writer` the pages of their files into
another one. `forward_index` numbers their words, `inverter` and `merger` make postings of them.
`whoosh_codec` lets Whoosh read the segment. `segment` has the arrays. The read side imports only
that part. `jobs` imports the two writers.
"""
