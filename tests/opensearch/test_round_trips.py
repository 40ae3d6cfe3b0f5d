"""The number of requests that a search or suggestions send to a cluster, whatever is typed."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
from opensearchpy import OpenSearch

from indexer.cluster.mapping import Json
from indexer.generations import directory
from indexer.generations.manifest import Generation
from search_app.engine.deadline import BudgetExceeded, Deadline
from search_app.engine.opensearch.client import ClusterClient, Response
from search_app.engine.request import SearchRequest
from search_app.engine.search import Searcher
from tests.opensearch import loading
from tests.opensearch.cluster import Cluster

pytestmark = pytest.mark.thorough

INDEX = "round-trips"
SELECTION = {"year": ("2005..",), "language": ("en", "fr")}


class CountingClient(ClusterClient):
    """A client that records the number of searches of each request."""

    def __init__(self, client: OpenSearch, index: str) -> None:
        super().__init__(client, index)
        self.sent: list[int] = []

    def msearch(self, bodies: Sequence[Json], deadline: Deadline) -> list[Response]:
        self.sent.append(len(bodies))
        return super().msearch(bodies, deadline)


class Opened(NamedTuple):
    """A searcher, and its client."""

    searcher: Searcher
    client: CountingClient


@pytest.fixture(scope="module")
def live(single_node: Cluster, catalogue_index: Path) -> Iterator[Generation]:
    """Yield the generation of corpus/, which is loaded into an index."""
    generation = directory.load_live(catalogue_index)
    loading.load(single_node.client, INDEX, generation)
    yield generation
    single_node.client.indices.delete(index=INDEX)


@pytest.fixture
def opened(single_node: Cluster, live: Generation) -> Opened:
    """Return a searcher that has counted nothing but the labels of entities."""
    client = CountingClient(single_node.client, INDEX)
    searcher = loading.open_index(client, live)
    searcher.interpreter.prepare()
    client.sent.clear()
    return Opened(searcher, client)


@pytest.mark.parametrize(
    ("text", "selected", "most"),
    [
        ("trafficking AND zzzqqq", {}, 2),
        ("trafficking AND year:1800", {}, 2),
        ("zzzqqq xqzzq", {}, 2),
        ("smuggling trafficking", {"year": ("1900",)}, 3),
        ("wildlife", {"year": ("1900",)}, 2),
        ("zzzqqq trafficking vessels", {}, 3),
        ("children in Mongolia", {}, 4),
        ("maritime AND kidnapping", {}, 3),
        ('"organized wildlife"', {}, 3),
        ("traficking", {}, 1),
        ("traficking smuggling", {}, 3),
        ("traficking of childern by vesels", {}, 4),
        ("toolkit to combat trafficking in persons and migrant smuggling by sea", {}, 3),
        ("national laws on the smuggling of migrants by land, air and sea", {}, 3),
    ],
)
def test_a_search_with_help_takes_few_requests(
    opened: Opened, text: str, selected: Mapping[str, tuple[str, ...]], most: int
) -> None:
    """Help adds at most one request to those for the readings and the page.

    The countries near a missing place are asked for after it.
    """
    opened.searcher.search(SearchRequest(text, selected, semantic=False))
    assert len(opened.client.sent) <= most, opened.client.sent


@pytest.mark.parametrize(
    ("text", "most"),
    [
        ("", 1),
        ("children", 1),
        ("child trafficking", 1),
        ("legal framework", 1),
        ('"organ removal"', 1),
        ("traffick*", 1),
        ("smuggling AND sea", 1),
        ("handbook for parliamentarians", 2),
        ("training of border guards and police officers", 2),
        ("toolkit to combat trafficking in persons", 2),
    ],
)
def test_a_page_takes_two_requests_at_most(opened: Opened, text: str, most: int) -> None:
    request = SearchRequest(text, semantic=False)
    assert opened.searcher.search(request).total
    assert len(opened.client.sent) <= most, opened.client.sent


@pytest.mark.parametrize("selected", [{}, SELECTION], ids=["everywhere", "in a selection"])
@pytest.mark.parametrize(
    "text",
    [
        "traf", "chi", "human tra", "the smuggling of mig",
        "a guide for",
    ],
)  # fmt: skip
def test_suggestions_take_three_requests(
    opened: Opened, text: str, selected: Mapping[str, tuple[str, ...]]
) -> None:
    assert opened.searcher.suggest(text, SearchRequest(filters=selected))
    assert len(opened.client.sent) <= 3, opened.client.sent


def test_counts_are_asked_once(opened: Opened) -> None:
    request = SearchRequest("trafficking AND zzzqqq", semantic=False)
    results = [opened.searcher.search(request) for _ in range(2)]
    assert opened.client.sent == [2, 1]
    assert results[0].diagnosis == results[1].diagnosis


def test_help_ends_at_the_deadline_of_its_search(opened: Opened) -> None:
    speller = opened.searcher.interpreter.spellchecker
    with pytest.raises(BudgetExceeded):
        speller.correct("traficking smuggling", Deadline(0))
