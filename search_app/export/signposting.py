"""Signposting: the links of a publication as an HTTP `Link` header, for programs.

https://signposting.org/FAIR/ lists the relations, and RFC 8288 has the syntax.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from indexer.values.identifiers import make_doi_url
from search_app.export import json_ld
from search_app.export.csl import Item

MAX_BYTES = 2500
"""Maximum bytes of the header. A proxy may accept only 4 KB for all headers of a response."""
_SCHEMA_ORG = "https://schema.org/"
_URL = re.compile(r"https?://[!#-;=?-~]+")
"""A URL that needs no encoding between angle brackets."""


def format_links(
    item: Item, exports: Iterable[tuple[str, str]], files: Iterable[tuple[str, str]] = ()
) -> str:
    """Return the value of the header.

    `exports` and `files` are pairs of an absolute URL and a media type.

    Links that exceed MAX_BYTES are left out, from the end.
    """
    header = ""
    for link in _list_links(item, exports, files):
        longer = f"{header}, {link}".removeprefix(", ")
        if len(longer) > MAX_BYTES:
            break
        header = longer
    return header


def _list_links(
    item: Item, exports: Iterable[tuple[str, str]], files: Iterable[tuple[str, str]]
) -> Iterator[str]:
    for type_name in ("AboutPage", json_ld.find_type(item)):
        yield f'<{_SCHEMA_ORG}{type_name}>; rel="type"'
    if doi := item.get_first("DOI"):
        yield f'<{make_doi_url(doi)}>; rel="cite-as"'
    for text in item.get("rights"):
        if _URL.fullmatch(text):
            yield f'<{text}>; rel="license"'
    for url, media_type in exports:
        yield f'<{url}>; rel="describedby"; type="{media_type}"'
    for url, media_type in files:
        yield f'<{url}>; rel="item"; type="{media_type}"'
