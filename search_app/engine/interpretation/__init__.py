"""Query understanding: the most likely meaning of a query in this index.

`entities`, `entity_names` and `world_places` find names in the text. `query_expansion` adds their
synonyms. `spellcheck`, `letter_masks` and `word_lists` correct words. `relaxing` adapts the
tree. `interpreter` tries the text as typed, then corrected, then with fewer of its words. `search`,
`features` and `arrays` import it.
"""
