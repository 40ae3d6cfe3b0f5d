"""How to get a publication: its links, or searches for its title elsewhere.

The roles of rows say what is a link or a DOI. The key `restricted` of a row says which values mean
that a publication is given out on request only. So any catalogue has this part of the page.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath
from urllib.parse import quote_plus, urlsplit

import msgspec

from indexer.catalogue import access
from indexer.catalogue.fields import Catalogue
from indexer.catalogue.records import Link, Publication
from indexer.values.identifiers import make_doi_url
from indexer.values.publication_types import PublicationType
from search_app.export.csl import Item
from search_app.i18n.translation import gettext
from search_app.presentation.file_search import FileRow

MAX_LINKS = 5
"""Number of links that are offered. The details of the publication list all of them."""
_VIDEO_HOSTS = frozenset({"youtube.com", "youtu.be", "vimeo.com"})
_LISTENED: frozenset[PublicationType] = frozenset({"broadcast", "song"})
_FILES = frozenset(
    ".csv .doc .docx .epub .mobi .odt .pdf .ppt .pptx .ps .rtf .xls .xlsx .zip".split()
)
"""Ends of the paths of files that browsers or readers open by themselves."""


class Way(msgspec.Struct, frozen=True):
    """A link: its label, its URL, and a note such as the language of the page there."""

    label: str
    href: str
    note: str = ""


class HowToGet(msgspec.Struct, frozen=True):
    """How to get a publication: a sentence, which may be empty, and links, the best one first.

    `searches` are searches for its title. Without links there are searches.
    """

    sentence: str
    links: tuple[Way, ...]
    searches: tuple[Way, ...] = ()


def make_how_to_get(
    publication: Publication, item: Item, catalogue: Catalogue, files: Sequence[FileRow] = ()
) -> HowToGet:
    """Return the links of a publication. Without any, return searches for its exact title.

    `item` is the publication in the terms of CSL, and `files` are its files.
    """
    is_restricted = access.is_restricted(publication, catalogue)
    links = (
        *(_make_way_of_file(file) for file in files[:MAX_LINKS] if file.href),
        *(_make_way(link, item, is_restricted=is_restricted) for link in item.links[:MAX_LINKS]),
        *(Way(f"doi:{doi}", make_doi_url(doi)) for doi in item.get("DOI")),
    )
    if links:
        return HowToGet(gettext("It is given out on request.") if is_restricted else "", links)
    if is_restricted:
        sentence = gettext("It is given out on request, but no address is known.")
    elif access.states_access(publication, catalogue):
        sentence = gettext("It was offered online, but the address is lost.")
    else:
        sentence = gettext("No address is known.")
    return HowToGet(sentence, (), tuple(_list_searches(item.title, catalogue.publisher_site)))


def _make_way(link: Link, item: Item, *, is_restricted: bool) -> Way:
    host = (urlsplit(link.url).hostname or "").removeprefix("www.")
    if is_restricted:
        return Way(gettext("Request it from %(host)s") % {"host": host}, link.url)
    if host in _VIDEO_HOSTS or item.type == "motion_picture":
        message = gettext("Watch on %(host)s")
    elif item.type in _LISTENED:
        message = gettext("Listen on %(host)s")
    elif PurePosixPath(urlsplit(link.url).path).suffix.lower() in _FILES:
        message = gettext("Download from %(host)s")
    else:
        message = gettext("Visit %(host)s")
    return Way(message % {"host": host}, link.url, link.label)


def _make_way_of_file(file: FileRow) -> Way:
    return Way(gettext("Open %(file)s") % {"file": file.name}, file.href)


def _list_searches(title: str, site: str) -> Iterable[Way]:
    """Yield searches for a title: of the publisher's site, of the web, and of libraries."""
    exact = f'"{title.replace(chr(34), " ")}"'
    if site:
        yield Way(
            gettext("Search %(host)s for this title") % {"host": site},
            f"https://duckduckgo.com/?q=site%3A{site}+{quote_plus(exact)}",
        )
    yield Way(gettext("Search the web"), f"https://duckduckgo.com/?q={quote_plus(exact)}")
    yield Way(
        gettext("Find a library that has it"),
        f"https://search.worldcat.org/search?q=ti%3A{quote_plus(exact)}",
    )
