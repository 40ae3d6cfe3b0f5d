"""Publication types: replace the type codes of formats by names."""

from __future__ import annotations

import re

_NAMES = {
    "Journal article": "jour articlejournal journalarticle ejou",
    "Magazine article": "mgzn articlemagazine magazinearticle",
    "Newspaper article": "news articlenewspaper newspaperarticle",
    "Conference paper": "cpaper conferencepaper paperconference inproceedings proceedingsarticle",
    "Conference proceedings": "conf proceedings",
    "Book chapter": "chap echap chapter bookchapter bookpart inbook incollection",
    "Book section": "booksection",
    "Book": "book ebook monograph",
    "Thesis": "thes phdthesis mastersthesis dissertation",
    "Report": "rprt techreport",
    "Web page": "webpage elec",
    "Blog post": "blog postweblog blogpost",
    "Preprint": "postedcontent",
    "Dataset": "aggr",
    "Patent": "pat",
    "Manuscript": "mansct",
    "Unpublished": "unpb unpd",
    "Other": "gen generic misc",
}
_NAMES_BY_CODE = {code: name for name, codes in _NAMES.items() for code in codes.split()}
_PREFIX = re.compile(r"(?:info:eu-repo/semantics/|https?://schema\.org/)(?=\w)")
_CODE = re.compile(r"[a-z]+(?:[-_ ][a-z]+)*")


def read_type(text: str) -> str:
    """Return the name of a type. Split an unknown code such as `film_clip` into words.

    Return any other text unchanged.
    """
    text = _PREFIX.sub("", text)
    if name := _NAMES_BY_CODE.get(re.sub(r"[-_ ]", "", text).lower()):
        return name
    return re.sub("[-_]", " ", text).capitalize() if _CODE.fullmatch(text) else text
