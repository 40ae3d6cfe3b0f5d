"""The index's storage: a Whoosh codec over plain arrays.

`write` makes a segment of publications, `Segment` opens it. A publication is one stream of
words, its fields stretches of it; from the stream come the postings: of each word as written,
and of each stem, over all fields, with the weighed frequency that BM25F saturates. A facet is
a column of ordinals. The rest of a publication is stored packed, one by one.

    publications.seg   ids, titles, packed records, places in the corpus, orders
    facets.seg         a column for each facet: its values, the ordinals of each publication
    words.seg          the vocabulary, the stream
    postings.seg       the postings of words and of stems
    meaning.seg        what each publication means, as a vector, if the index was built so
    _MAIN_1.toc        Whoosh's table of contents

Whoosh reads the first four through `codec`; the table of contents is Whoosh's own pickle,
which the engine never opens.
"""
