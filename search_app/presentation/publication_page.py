"""The page of a publication: its fields, its files, how to get it, and the way back to a list.

The roles of fields say what is a link or a DOI. The key `restricted` of a field says which values
mean that a publication is given out on request only. So any catalogue has this page.
"""

import string
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import count
from pathlib import PurePosixPath
from urllib.parse import quote, quote_plus, urlsplit

import msgspec

from indexer.analysis.tokenizer import PARAGRAPH_BREAK
from indexer.catalogue import access, records
from indexer.catalogue.fields import Catalogue, Field
from indexer.catalogue.records import Publication, Value
from indexer.catalogue.tested_links import LinkResult
from indexer.codec.segment.fulltext import File
from indexer.values.identifiers import make_doi_url
from indexer.values.publication_types import PublicationType
from search_app.engine.results import Results
from search_app.engine.store import Related
from search_app.export.csl import Item
from search_app.i18n.translation import gettext
from search_app.presentation.hits import display_value, find_abstract, find_title
from search_app.presentation.labels import Link, find_facet_language, make_file_url
from search_app.search_state import ReadingList, SearchState

MAX_UNFOLDED_VALUES = 20
"""Number of values of a field that are shown before "show more"."""
MAX_INLINE_CHARS = 30
"""Maximum mean length of values that share a line, in characters. Longer values, such as notes,
have a line each."""
MAX_LINKS = 5
"""Number of links that are offered. The details of the publication list all of them."""
_VIDEO_HOSTS = frozenset({"youtube.com", "youtu.be", "vimeo.com"})
_LISTENED: frozenset[PublicationType] = frozenset({"broadcast", "song"})
_FILES = frozenset(
    ".csv .doc .docx .epub .mobi .odt .pdf .ppt .pptx .ps .rtf .xls .xlsx .zip".split()
)
"""Ends of the paths of files that browsers or readers open by themselves."""
DetailValue = tuple[str, str, str | None]
"""A value of a field: its text, its URL or "", and its language if it is not that of the page."""


def make_publication_page(
    publication: Publication,
    item: Item,
    related: Related,
    catalogue: Catalogue,
    prefix: str,
    *,
    dead_links: Iterable[LinkResult],
    files: Sequence[File],
) -> dict[str, object]:
    """Return what the template of a publication's page prints, with a link for each facet value.

    `item` is the publication in the terms of CSL.
    """
    heading, abstract = find_title(publication, catalogue), find_abstract(publication, catalogue)
    urls = {file.digest: make_file_url(file, publication, catalogue, prefix) for file in files}
    links = [Link(file.name, urls[file.digest]) for file in files if urls[file.digest]]
    shown_above = {heading.field, abstract.field}
    return {
        "publication": publication,
        "files": files,
        "file_urls": urls,
        "heading": heading,
        "abstract": abstract,
        "how_to_get": make_how_to_get(publication, item, catalogue, links),
        "paragraphs": _split_paragraphs(abstract.text),
        "original_paragraphs": _split_paragraphs(abstract.original),
        "details": [*_make_details(publication, catalogue, prefix, shown_above)],
        "related": related,
        "list_href": ReadingList((publication.id,), prefix).make_url(),
        "dead_links": _find_archives(dead_links),
    }


def _split_paragraphs(text: str) -> list[str]:
    return text.split(PARAGRAPH_BREAK) if text else []


def _make_details(
    publication: Publication, catalogue: Catalogue, prefix: str, shown: Collection[str]
) -> Iterator[tuple[str, list[DetailValue], list[DetailValue], bool]]:
    """Yield the label and the values of each field, without the fields that are `shown` above.

    Further values are shown on demand, if they are many. Long values have a line each: then the
    last part is True.
    """
    by_kind = {field.kind: publication.values.get(field.name, ()) for field in catalogue.valued}
    for field in catalogue.valued:
        values = publication.values.get(field.name, ())
        repeats_year = field.kind == "date" and [*values] == [*map(str, by_kind.get("year", ()))]
        if not values or field.name in shown or field.kind == "file" or repeats_year:
            continue
        rows = [
            (
                display_value(publication, field, value, catalogue),
                _make_href(field, value, prefix),
                find_facet_language(field, value, catalogue),
            )
            for value in values
        ]
        limit = MAX_UNFOLDED_VALUES if len(rows) > 1.5 * MAX_UNFOLDED_VALUES else len(rows)
        chars = sum(len(text) for text, _, _ in rows)
        has_long_values = len(rows) > 1 and chars > MAX_INLINE_CHARS * len(rows)
        yield field.label, rows[:limit], rows[limit:], has_long_values


def _make_href(field: Field, value: Value, prefix: str) -> str:
    """Return the URL behind a value: a web link, or the list of a facet value; otherwise empty."""
    if isinstance(value, records.Link):
        return value.url
    if field.kind == "doi":
        return make_doi_url(str(value))
    if field.kind == "pmid":
        return f"https://pubmed.ncbi.nlm.nih.gov/{value}/"
    if field.facet or field.parent:
        return SearchState(prefix=prefix).with_filter(field.name, str(value)).make_url()
    return ""


def _find_archives(results: Iterable[LinkResult]) -> dict[str, tuple[datetime, str]]:
    """Return when each dead link was found dead, and where the Internet Archive may have it.

    The archive has no fragments.
    """
    return {
        result.url: (
            result.time,
            "https://web.archive.org/web/*/"
            + quote(result.url.partition("#")[0], safe=string.punctuation),
        )
        for result in results
        if result.status == "dead"
    }


class HowToGet(msgspec.Struct, frozen=True):
    """How to get a publication: a sentence, which may be empty, and links, the best one first.

    The note of a link is what the publication says of it, such as a language. `searches` are
    searches for its title. Without links there are searches.
    """

    sentence: str
    links: tuple[Link, ...]
    searches: tuple[Link, ...] = ()


def make_how_to_get(
    publication: Publication, item: Item, catalogue: Catalogue, files: Sequence[Link] = ()
) -> HowToGet:
    """Return the links of a publication. Without any, return searches for its exact title.

    `item` is the publication in the terms of CSL, and `files` are the links to its files on this
    site.
    """
    is_restricted = access.is_restricted(publication, catalogue)
    opening = gettext("Open %(file)s")
    links = (
        *(Link(opening % {"file": file.label}, file.href) for file in files[:MAX_LINKS]),
        *(_make_way(link, item, is_restricted=is_restricted) for link in item.links[:MAX_LINKS]),
        *(Link(f"doi:{doi}", make_doi_url(doi)) for doi in item.get("DOI")),
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


def _make_way(link: records.Link, item: Item, *, is_restricted: bool) -> Link:
    parts = urlsplit(link.url)
    host = (parts.hostname or "").removeprefix("www.")
    if is_restricted:
        return Link(gettext("Request it from %(host)s") % {"host": host}, link.url)
    if host in _VIDEO_HOSTS or item.type == "motion_picture":
        message = gettext("Watch on %(host)s")
    elif item.type in _LISTENED:
        message = gettext("Listen on %(host)s")
    elif PurePosixPath(parts.path).suffix.lower() in _FILES:
        message = gettext("Download from %(host)s")
    else:
        message = gettext("Visit %(host)s")
    return Link(message % {"host": host}, link.url, note=link.label)


def _list_searches(title: str, site: str) -> Iterator[Link]:
    """Yield searches for a title: of the publisher's site, of the web, and of libraries."""
    exact = quote_plus(f'"{title.replace(chr(34), " ")}"')
    if site:
        yield Link(
            gettext("Search %(host)s for this title") % {"host": site},
            f"https://duckduckgo.com/?q=site%3A{site}+{exact}",
        )
    yield Link(gettext("Search the web"), f"https://duckduckgo.com/?q={exact}")
    yield Link(
        gettext("Find a library that has it"), f"https://search.worldcat.org/search?q=ti%3A{exact}"
    )


def make_window(state: SearchState, position: int) -> SearchState:
    """Return the smallest page of a search that has a hit and both of its neighbors.

    `position` counts hits from 1. For every position some page of a few hits has all three.
    """
    size = next(size for size in count(3) if position == 1 or (position - 2) % size <= size - 3)
    return msgspec.structs.replace(state, size=size, page=max(position - 2, 0) // size + 1)


def find_neighbors(
    identity: str, position: int, window: SearchState, results: Results
) -> dict[int, Publication]:
    """Return a publication and its neighbors in the list that it was opened from, by position.

    `results` are those of `window`. There are none if the list no longer has the publication there.
    """
    first = (window.page - 1) * window.size + 1
    hits = {place: hit.publication for place, hit in enumerate(results.hits, first)}
    return hits if position in hits and hits[position].id == identity else {}
