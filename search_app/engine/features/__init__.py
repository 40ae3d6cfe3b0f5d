"""Search features beyond the list of hits.

`highlight` marks titles and chooses passages, `explain` breaks a score down, `zero_results` and
`missing_places` find other searches, `autocomplete` suggests while typing, `more_like_this` finds
similar publications. `search` and the engine import it.
"""
