"""The Whoosh codec: writes one segment of the index and opens it for Whoosh.

`writer` makes a segment of publications: `forward_index` numbers their words, `inverter` and
`merger` make postings of them. `whoosh_codec` and `lexicon` let Whoosh read it. `segment` has the
arrays; the read side imports only that. `jobs` imports `writer`.
"""
