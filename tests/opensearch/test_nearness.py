"""Nearness on a node gives the gains of the local store."""

from __future__ import annotations

from itertools import chain, islice
from pathlib import Path
from random import Random
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer.catalogue.fields import Catalogue, Field
from indexer.catalogue.records import Publication, SourceLocation
from search_app.engine.arrays.evaluation import ScoredDocs
from search_app.engine.opensearch import clause_limit, nearness
from search_app.engine.ranking import NEAR_DEPTH, list_near_words
from search_app.engine.request import SearchRequest
from tests.opensearch.cluster import Cluster
from tests.opensearch.twins import Twin, load
from tests.search_app.engine import catalogues
from tests.search_app.engine.arrays.below import find_nearness_gains, reply_to

CATALOGUE = Catalogue(
    title="Bridges",
    description="",
    fields=(
        Field("title", "Title", kind="text", role="title", weight=2.0),
        Field("summary", "Abstract", kind="text", role="abstract", weight=1.0),
        Field("author", "Author", role="author", several=True, weight=0.5),
    ),
)
WORDS = "build builder builds stone stones the of bridge arch 人口 人口贩运 été".split()
"""Words with stems in common, in English or in French, stop words, and runs without spaces."""
QUERIES = 40
"""Queries for each corpus, because making its index takes most of the time."""


def throw(seed: int) -> list[Publication]:
    """Return random publications of a seed: a title, paragraphs, and authors."""
    draw = Random(seed)

    def text(longest: int) -> str:
        return " ".join(draw.choices(WORDS, k=draw.randint(1, longest)))

    return [
        Publication(
            id=f"p{number}",
            title=text(6),
            summary=draw.choice((None, "\n\n".join(text(14) for _ in range(draw.randint(1, 3))))),
            lang=draw.choice((None, None, "fr")),
            values={"author": tuple({text(2) for _ in range(draw.randint(1, 3))})},
            source=SourceLocation("made", number + 1),
        )
        for number in range(draw.randint(1, 150))
    ]


def check(queries: list[str], twin: Twin) -> int:
    """Assert that the gains of some queries are equal. Return the number of gains."""
    asked = []
    for text in queries:
        ranking = reply_to(SearchRequest(text, size=NEAR_DEPTH), twin.searcher).words
        assert ranking
        words = list_near_words(text, twin.vocabulary)
        if ranking.idf is None and words and len(ranking.documents):
            hits = twin.list_hits(ScoredDocs(*ranking[:2]), NEAR_DEPTH)
            asked.append((text, ranking, words, hits))
    searches = [
        nearness.make_nearness_searches(words, hits, twin.vocabulary) for *_, words, hits in asked
    ]
    responses = iter(twin.search([*chain.from_iterable(searches)]))
    count = 0
    for (text, ranking, words, hits), own in zip(asked, searches, strict=True):
        local = twin.by_id(find_nearness_gains(text, ranking, twin.snapshot))
        measured = islice(responses, len(own))
        found = nearness.read_nearness_gains(measured, words, hits, twin.vocabulary)
        assert found == pytest.approx(local, rel=1e-6), text
        count += len(found)
    return count


@settings(max_examples=8, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32))
def test_random_publications_gain_the_same(
    seed: int, single_node: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Several texts, words with stems in common, stop words, and several searches are the same."""
    folder = catalogues.index(tmp_path_factory.mktemp("index"), throw(seed), CATALOGUE)
    draw = Random(seed)
    queries = [" ".join(draw.choices(WORDS, k=draw.randint(2, 5))) for _ in range(QUERIES)]
    limit = draw.choice((1, 30, clause_limit.MAX_LEAVES))
    with (
        mock.patch.object(nearness, "MAX_LEAVES", limit),
        load(folder, single_node.client, "nearness-test") as twin,
    ):
        check(queries, twin)


def test_publications_of_the_catalogue_gain_the_same(
    catalogue_index: Path, single_node: Cluster
) -> None:
    """Pairs of words of the titles raise the same publications by the same gains."""
    with load(catalogue_index, single_node.client, "nearness-test") as twin:
        draw = Random(1)
        queries = []
        for number in range(twin.snapshot.size):
            words = twin.snapshot.get_title(number).split()
            start = draw.randrange(len(words))
            queries.append(" ".join(words[start : start + draw.randint(2, 4)]))
        assert check(queries, twin) > 200


def test_the_words_of_a_query_may_be_in_very_many_fields(
    single_node: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """With 120 fields, a search for all pairs would have more terms than a node allows."""
    rows = [Field(f"note{number}", "Note", weight=0.5) for number in range(120)]
    catalogue = Catalogue(title="Notes", description="", fields=(*CATALOGUE.fields, *rows))
    values = {"note7": ("stone bridge",), "note70": ("bridge arch",)}
    made = [
        Publication(
            id=f"p{number}", title="Stone bridge", values=values,
            source=SourceLocation("made", number + 1),
        )
        for number in range(2)
    ]  # fmt: skip
    folder = catalogues.index(tmp_path_factory.mktemp("index"), made, catalogue)
    with load(folder, single_node.client, "nearness-test") as twin:
        assert check(["stone bridge arch builder", "stone bridge arch"], twin)
