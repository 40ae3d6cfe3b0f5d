"""Publications in the formats of other programs. Nothing here knows of HTTP or HTML.

`csl` maps a publication to an item of CSL. One module per format writes these items. `csv` and
`jsonl` write the rows of the catalogue instead. `registry` lists the formats. `atom` writes feeds,
and `xml_document` XML record by record. `meta_tags`, `json_ld`, `coins` and `signposting` describe
a publication in its page, and `citations` cites it. Only `citations` imports `processor`.
"""
