"""View models: results of the engine as labels, links, and sentences.

`search_page`, `facet_panel`, and `publication_page` build pages. `search_notes`, `explanations` and
`alternatives` build their sentences and links. `labels` and `html` format values and text. The
package knows nothing of HTTP. `web` imports it, and `api` and `cli` import it for labels and links.
"""
