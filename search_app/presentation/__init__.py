"""View models: what a page shows, as labels, links and sentences.

`search_page`, `facet_panel` and `publication_page` are pages; `search_notes`, `explanations` and
`alternatives` their sentences and links; `labels` and `html` show values and text. It knows the
engine's results and nothing of HTTP. `web` imports it, and `api` and `cli` for labels and links.
"""
