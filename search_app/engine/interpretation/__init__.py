"""Query understanding: the most likely meaning of a query in this index.

`entities`, `entity_names`, `entity_linker` and `world_places` find names in the text. `spellcheck`
and `word_lists` correct words. `required_clauses` adapts the tree. `interpreter` tries the text as
typed, then corrected, then with any of its words. `search`, `features` and `arrays` import it.
"""
