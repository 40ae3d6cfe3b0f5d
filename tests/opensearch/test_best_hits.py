"""The pages of a search on a node, with all that is added to scores, are those of the local one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from indexer.cluster.vocabulary_file import read_vocabulary, write_vocabulary
from search_app.engine import Searcher, SearchRequest
from search_app.engine.opensearch.client import ClusterClient
from search_app.engine.opensearch.generation import open_generation
from search_app.engine.opensearch.store import OpenSearchStore
from search_app.engine.results import Hit
from tests.opensearch.cluster import Cluster
from tests.opensearch.twins import Twin, load

INDEX = "best-hits-test"
ROUNDED = 2e-4
"""Absolute tolerance of scores, which have four decimals."""


@pytest.fixture(scope="module")
def twin(catalogue_index: Path, single_node: Cluster) -> Iterator[Twin]:
    """Yield the catalogue in a local index and on a node."""
    with load(catalogue_index, single_node.client, INDEX) as twin:
        yield twin


@pytest.fixture(scope="module")
def remote(twin: Twin, single_node: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Searcher:
    """Return a searcher of the index on the node."""
    file = tmp_path_factory.mktemp("files") / "vocabulary.seg"
    write_vocabulary(twin.snapshot.segment, file)
    client = ClusterClient(single_node.client, INDEX)
    opened = open_generation(client, read_vocabulary(file), twin.snapshot.catalogue)
    return Searcher(twin.searcher.generation, OpenSearchStore(opened), opened.vocabulary)


def list_added(hit: Hit) -> list[float]:
    """Return the score of a hit, and what is added for its title, nearness, and feedback."""
    assert hit.score is not None
    assert hit.why
    return [hit.score, hit.why.title, hit.why.nearness, hit.why.feedback]


def throw_requests(twin: Twin) -> Iterator[SearchRequest]:
    """Yield searches for words of each publication, with filters, on pages of several sizes."""
    draw = Random(3)
    selections: tuple[dict[str, tuple[str, ...]], ...] = (
        {}, {"section": ("Tools",)}, {"year": ("2009..2013",)},
    )  # fmt: skip
    for number in range(0, twin.snapshot.size, 4):
        publication = twin.snapshot.get_publication(number)
        title = publication.title.split()
        abstract = (publication.summary or publication.title).split()
        for text in (title, title[:3], abstract[:12], [*title[:4], "year:2005..2015"]):
            yield SearchRequest(
                " ".join(text), draw.choice(selections), page=draw.choice((1, 1, 2)),
                size=draw.choice((10, 20)), fold=draw.choice((True, False)), explain=True,
            )  # fmt: skip


def test_pages_have_the_same_hits_and_scores(twin: Twin, remote: Searcher) -> None:
    """Pages with and without filters have the same hits, scores, and explanations of these."""
    count = 0
    for request in throw_requests(twin):
        expected, found = twin.searcher.search(request), remote.search(request)
        assert found.total == expected.total, request
        assert [hit.publication.id for hit in found.hits] == [
            hit.publication.id for hit in expected.hits
        ], request
        for hit, twin_hit in zip(found.hits, expected.hits, strict=True):
            if twin_hit.score is not None:
                assert list_added(hit) == pytest.approx(list_added(twin_hit), abs=ROUNDED)
                count += any(list_added(hit)[1:])
    assert count > 100
