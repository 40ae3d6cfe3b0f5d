"""Publications in the formats of other programs. Nothing here knows of HTTP or HTML.

`csl` maps a publication to the terms of CSL. One module per format writes these items; `registry`
lists the formats. `meta_tags`, `json_ld`, `coins` and `signposting` describe a publication in its
page, and `citations` cites it. `processor` is below `citations` only.
"""
