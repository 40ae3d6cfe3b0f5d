"""Dead links on the page of a publication, with a search of the Internet Archive for each."""

from __future__ import annotations

import string
from collections.abc import Iterable, Mapping
from urllib.parse import quote

import msgspec

from indexer.catalogue.tested_links import LinkResult
from search_app.presentation.labels import format_day


class DeadLink(msgspec.Struct, frozen=True):
    """The date of the test that a link failed, and the URL of its copies in the archive."""

    date: str
    archive_href: str


def make_dead_links(results: Iterable[LinkResult]) -> Mapping[str, DeadLink]:
    """Return the dead links among some results, by URL."""
    return {
        result.url: DeadLink(format_day(result.time), _make_archive_url(result.url))
        for result in results
        if result.status == "dead"
    }


def _make_archive_url(url: str) -> str:
    """Return the URL of all copies of a page. The archive has no fragments."""
    address = quote(url.partition("#")[0], safe=string.punctuation)
    return f"https://web.archive.org/web/*/{address}"
