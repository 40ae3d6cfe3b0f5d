"""Search features beyond the list of hits.

`highlight` marks titles and selects passages. `explain` splits the score of a hit. `zero_results`
and `missing_places` find alternative searches. `autocomplete` suggests while typing.
`more_like_this` finds similar publications. `search` and the engine import it.
"""
