"""Feedback on a node adds the shares of the local store."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer.catalogue.records import Publication, SourceLocation
from indexer.cluster.mapping import Json
from search_app.engine.arrays.evaluation import ScoredDocs
from search_app.engine.matching import split_words
from search_app.engine.opensearch import feedback, hits
from search_app.engine.opensearch.feedback import FeedbackHits
from search_app.engine.opensearch.hits import RankedDoc
from search_app.engine.ranking import RESCORED_HITS
from search_app.engine.request import SearchRequest
from tests.opensearch.cluster import Cluster
from tests.opensearch.test_nearness import CATALOGUE
from tests.opensearch.twins import Twin, load
from tests.search_app.engine import catalogues
from tests.search_app.engine.arrays.below import compute_feedback, reply_to

CLOSE = 1e-5
"""Relative tolerance of scores in 32-bit floats."""
WORDS = [f"{first}{second}{end}" for first in "bdfgk" for second in "aeiou" for end in "mnrstx"]
COMMON = [*WORDS[::9], "the", "of"]
QUERIES = 30
"""Queries for each corpus, because making its index takes most of the time."""
ON_A_NODE = settings(max_examples=6, suppress_health_check=list(HealthCheck))


def throw(seed: int) -> list[Publication]:
    """Return random publications of a seed. Some are editions of one title."""
    draw = Random(seed)

    def text(longest: int) -> str:
        words = [*draw.choices(WORDS, k=longest), *draw.choices(COMMON, k=longest)]
        draw.shuffle(words)
        return " ".join(words[: draw.randint(4, longest)])

    titles = [text(8) for _ in range(draw.randint(20, 100))]
    return [
        Publication(
            id=f"p{number}",
            title=f"{draw.choice(titles)} {draw.randint(2000, 2020)}",
            summary=draw.choice((None, "\n\n".join(text(30) for _ in range(draw.randint(1, 3))))),
            lang=draw.choice((None, None, "fr")),
            values={"author": tuple({text(5) for _ in range(draw.randint(1, 3))})},
            source=SourceLocation("made", number + 1),
        )
        for number in range(150)
    ]


def read_records(documents: Sequence[RankedDoc], twin: Twin) -> list[Publication]:
    """Return the stored publications of some hits, in their order."""
    query: Json = {"terms": {"id": [document.id for document in documents]}}
    [response] = twin.search([hits.make_page(query, ["id"], slice(0, len(documents)))])
    records = {hit.id: hit.record for hit in hits.read_page(response)}
    found = [records[document.id] for document in documents]
    return [record for record in found if record is not None]


def select(text: str, twin: Twin) -> tuple[ScoredDocs, FeedbackHits | None]:
    """Return the hits of a query with their scores, and those that feedback re-scores."""
    reply = reply_to(SearchRequest(text, size=100), twin.searcher)
    keys = reply.retrieved.sort_keys
    assert keys is not None
    scored = ScoredDocs(reply.documents, keys)
    return scored, feedback.select_hits(twin.list_hits(scored, RESCORED_HITS))


def check_feedback(queries: Sequence[str], twin: Twin) -> int:
    """Assert that the feedback of some queries is equal. Return the number of hits with a share."""
    count = 0
    for text in queries:
        scored, selected = select(text, twin)
        local = compute_feedback(*scored, twin.snapshot) if len(scored.documents) else None
        if selected is None:
            assert local is None
            continue
        records = read_records(selected.documents, twin)
        words = split_words(records, twin.vocabulary, twin.snapshot.segment.mean_lengths)
        terms = feedback.choose_expansion_terms(selected, words, twin.vocabulary)
        [response] = twin.search(
            [feedback.make_feedback_search(selected, terms, twin.compiler.fields, twin.vocabulary)]
        )
        shares = feedback.read_feedback_shares(response, selected)
        if local is None:
            assert shares == {}
            continue
        expected, stems = local
        assert terms.stems.tolist() == stems
        assert shares == pytest.approx(twin.by_id(expected), rel=CLOSE, abs=1e-7), text
        count += len(shares)
    return count


@ON_A_NODE
@given(seed=st.integers(0, 2**32))
def test_random_publications_have_the_same_feedback(
    seed: int, single_node: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Expansion terms and shares are equal for random queries."""
    folder = catalogues.index(tmp_path_factory.mktemp("index"), throw(seed), CATALOGUE)
    draw = Random(seed)
    queries = [" ".join(draw.choices(WORDS, k=draw.randint(4, 12))) for _ in range(QUERIES)]
    with load(folder, single_node.client, "feedback-test") as twin:
        assert check_feedback(queries, twin)


def test_publications_of_the_catalogue_have_the_same_feedback(
    catalogue_index: Path, single_node: Cluster
) -> None:
    """The first words of the abstracts have the same feedback."""
    with load(catalogue_index, single_node.client, "feedback-test") as twin:
        summaries = [
            twin.snapshot.get_publication(number).summary or ""
            for number in range(twin.snapshot.size)
        ]
        queries = [" ".join(summary.split()[:12]) for summary in summaries if summary]
        assert check_feedback(queries, twin) > 1000
