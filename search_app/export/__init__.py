"""Publications in the formats of other programs. Nothing here knows of HTTP or HTML.

`csl` maps a publication to an item of CSL, which each format writes: it alone, `ris`, `bibtex`, and
in XML `mods`, `marcxml`, `dublin_core`, and `atom` for feeds (`xml_document` has what they share).
`rows` writes the rows of the catalogue instead. `registry` lists the formats, and `type_names`
their names of the types of CSL. `embedded` describes a publication in its page, and `citations`
cites it by `processor`.
"""
