"""Pages: results of the engine as labels, links, sentences, and HTML.

`search_page`, `publication_page`, `reading_list_page`, `search_record`, and `advanced_search` are
what pages are made of. `hits`, `facets`, and `country_map` make HTML, and `search_notes` and
`explanations` make sentences. `labels`, `links`, and `html` are below all of them. The package
knows nothing of HTTP. `web` imports it, and `api` and `cli` import it for labels and links.
"""
