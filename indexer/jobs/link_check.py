"""Test the links of a corpus, and write the results into its folder."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path

import msgspec

from indexer.catalogue import catalogue_toml, tested_links
from indexer.catalogue.limits import LIMITS, Limits
from indexer.catalogue.records import Link, Problem, Publication
from indexer.catalogue.tested_links import LinkResult, LinkStatus
from indexer.ingest import corpus
from indexer.links import Client, test_links

Places = Mapping[str, list[Publication]]
"""The publications that have a link, by URL."""


class LinkReport(msgspec.Struct, frozen=True):
    """The results of the links of a corpus, whether this check tested them or an earlier one.

    `counts`: number of links by status, or "not tested". `problems`: the dead and moved links.
    `unclear`: the links that may work in a browser.
    """

    counts: Mapping[str, int]
    problems: tuple[Problem, ...]
    unclear: tuple[Problem, ...]


def check_links(
    folder: Path,
    client: Client,
    max_age: timedelta,
    progress: Callable[[int, int], object] = lambda done, total: None,
    limits: Limits = LIMITS,
) -> LinkReport:
    """Test the links of a corpus folder that have no result younger than `max_age`.

    `progress` is called with the number of tested links and of all links to test. An interruption
    keeps the results. Raise CatalogueError, ReaderError, NetworkDown, or OSError.
    """
    places = find_links(folder, limits)
    start = datetime.now(UTC) - max_age
    with tested_links.update(folder, places) as recorder:
        results = recorder.results
        waiting = [url for url in places if url not in results or results[url].time <= start]
        done = 0

        def record(result: LinkResult) -> None:
            nonlocal done
            recorder.add(result)
            done += 1
            progress(done, len(waiting))

        progress(0, len(waiting))
        asyncio.run(test_links(waiting, client, record))
    tested = [results[url] for url in places if url in results]
    counts = Counter[str](result.status for result in tested)
    counts["not tested"] = len(places) - len(tested)

    def describe(*states: LinkStatus) -> tuple[Problem, ...]:
        found = (result for result in tested if result.status in states)
        return tuple(chain.from_iterable(_describe(result, places) for result in found))

    return LinkReport(counts, describe("dead", "moved"), describe("unclear"))


def find_links(folder: Path, limits: Limits = LIMITS) -> Places:
    """Return the publications that have a link, by URL. Raise CatalogueError or ReaderError."""
    places: dict[str, list[Publication]] = defaultdict(list)
    catalogue = catalogue_toml.load(folder)
    for publication in corpus.read(folder, catalogue, lambda _: None, limits):
        links = (value for values in publication.values.values() for value in values)
        for url in dict.fromkeys(link.url for link in links if isinstance(link, Link)):
            places[url].append(publication)
    return places


def _describe(result: LinkResult, places: Places) -> Iterator[Problem]:
    """Yield a problem for each publication that has the link."""
    what, hint = f"the link {result.url} is dead: {result.reason}", "Replace or remove it"
    if result.status == "moved":
        what, hint = f"the link {result.url} has moved", f"Replace it by {result.target}"
    if result.status == "unclear":
        what = f"the state of the link {result.url} is unclear: {result.reason}"
        hint = "Try it in a browser"
    for publication in places[result.url]:
        file, line = publication.source.file, publication.source.line
        yield Problem(file, line, what, hint, publication.title)
