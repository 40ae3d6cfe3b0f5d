"""Publications in the formats of other programs. Nothing here knows of HTTP or HTML.

`csl` maps a publication to the terms of CSL. One module per format writes these items; `registry`
lists the formats. The web, the API and the command line use `registry` and `csl` only.
"""
