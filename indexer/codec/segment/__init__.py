"""The arrays of a segment, open for reading. The read side imports this package.

`reader` opens all of them. The files of a segment:

    publications.seg   ids, titles, packed records, places in the corpus, sort orders
    facets.seg         one column per facet: its values, and the ordinals of each document
    words.seg          the term dictionary and the forward index
    postings.seg       the postings of words and of stems
    fulltext.seg       which files belong to which documents, if files are searched
    pages.seg          the pages of these files: see `fulltext`
    meaning.seg        one embedding vector per document, if the index was built with them
    _MAIN_1.toc        Whoosh's table of contents, which the engine never opens
"""
