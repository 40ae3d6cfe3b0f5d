"""View models: results of the engine as labels, links, and sentences.

`search_page`, `facet_panel`, `facet_page`, `publication_page`, `reading_list_page`,
`search_record`, and `advanced_search` build pages. `facet_rows`, `list_controls`, `list_summary`,
`search_notes`, `file_lines`, `file_search`, `explanations`, `alternatives`, `how_to_get`,
`citation_block`, `export_links`, and `result_trail` build their rows, sentences, and links.
`labels` and `html` format values and text, and `urls` makes URLs. The package knows nothing of
HTTP. `web` imports it, and `api` and `cli` import it for labels and links.
"""
