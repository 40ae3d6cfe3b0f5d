"""COinS: a publication as an OpenURL (ANSI/NISO Z39.88-2004) in the title of an element.

The page has it for reference managers that read nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

from indexer.analysis.cleaning import clean
from indexer.catalogue.roles import Role
from indexer.values.publication_types import PublicationType
from search_app.export.csl import Item

_FORMATS: dict[PublicationType, tuple[str, str]] = {
    "article-journal": ("journal", "article"),
    "article-magazine": ("journal", "article"),
    "article-newspaper": ("journal", "article"),
    "review": ("journal", "article"),
    "article": ("journal", "preprint"),
    "book": ("book", "book"),
    "chapter": ("book", "bookitem"),
    "entry-dictionary": ("book", "bookitem"),
    "entry-encyclopedia": ("book", "bookitem"),
    "paper-conference": ("book", "proceeding"),
    "report": ("book", "report"),
    "pamphlet": ("book", "document"),
    "thesis": ("dissertation", ""),
}
"""The format and the genre of each type. Others are in the terms of Dublin Core."""
_TITLES = {"article": "atitle", "preprint": "atitle", "bookitem": "atitle", "proceeding": "atitle"}
_KEYS: dict[str, tuple[tuple[Role, str], ...]] = {
    "journal": (
        ("container-title", "jtitle"), ("volume", "volume"), ("issue", "issue"),
        ("page", "pages"), ("ISSN", "issn"),
    ),
    "book": (
        ("publisher", "pub"), ("publisher-place", "place"), ("edition", "edition"),
        ("collection-title", "series"), ("page", "pages"), ("ISBN", "isbn"), ("ISSN", "issn"),
    ),
    "dissertation": (("publisher", "inst"), ("genre", "degree")),
    "dc": (("publisher", "publisher"), ("keyword", "subject")),
}  # fmt: skip


def write(item: Item) -> str:
    """Return the OpenURL of an item, without the escapes of HTML."""
    return urlencode([(key, clean(text)) for key, text in _list_pairs(item)])


def _list_pairs(item: Item) -> Iterator[tuple[str, str]]:
    form, genre = _FORMATS.get(item.type, ("dc", ""))
    yield "ctx_ver", "Z39.88-2004"
    yield "rft_val_fmt", f"info:ofi/fmt:kev:mtx:{form}"
    if genre:
        yield "rft.genre", genre
    title = _TITLES.get(genre, "btitle" if form == "book" else "title")
    yield f"rft.{title}", item.title
    if form == "book" and title == "atitle" and "container-title" in item.values:
        yield "rft.btitle", item.get_first("container-title")
    for name in item.names.get("author", ()) or item.names.get("director", ()):
        yield "rft.creator" if form == "dc" else "rft.au", name.inverted
    if item.issued:
        yield "rft.date", item.issued.iso
    for role, key in _KEYS[form]:
        for text in item.get(role)[:1]:
            yield f"rft.{key}", text
    for language in item.get("language"):
        yield "rft.language", language
    for doi in item.get("DOI"):
        yield "rft_id", f"info:doi/{doi}"
    for url in (*(link.url for link in item.links), *filter(None, (item.page_url,))):
        yield "rft_id", url
