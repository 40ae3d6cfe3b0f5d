"""Semantic search adds similar publications and reports it, except for literal queries."""

import logging
from pathlib import Path
from threading import get_ident

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.analysis import embeddings
from search_app.cli.evaluation import load
from search_app.engine import Engine
from search_app.engine.arrays.semantic import FEW_HITS, MAX_ADDED, MIN_COSINE
from search_app.engine.interpretation.interpreter import retrieve
from search_app.engine.request import Match, SearchRequest
from tests.conftest import ROOT
from tests.search_app.engine.arrays.below import reply_to, snapshot_of

pytestmark = pytest.mark.slow

JUDGED = load(ROOT / "tests" / "relevance" / "catalogue.toml")
TYPED = [
    *(each.text for each in JUDGED.query),
    "trabalho forçado de crianças", "การค้ามนุษย์", "bake bread", "victims zyzzyva", "zyzzyva",
]  # fmt: skip
TO_THE_LETTER = [
    '"trabalho forçado"', "title:forçado", "crianças -law", "trabalho OR crianças", "trabalh*",
    "forçado~", "(trabalho crianças)", "NOT crianças",
]  # fmt: skip


@pytest.fixture(scope="module")
def engine(meaning_index: Path) -> Engine:
    return Engine(meaning_index)


@pytest.mark.parametrize(
    ("typed", "title"),
    [
        ("handel dziećmi", "Trafficking in Children"),
        ("çocuk ticareti", "Trafficking in Children"),
        ("Opferanwalt im Strafverfahren", "Criminal Justice Responses to Human Trafficking"),
        ("การค้ามนุษย์", "Gender Dimensions of Human Trafficking"),
    ],
)
def test_a_query_in_an_uncovered_language_matches_by_meaning(
    typed: str, title: str, engine: Engine
) -> None:
    results = engine.search(SearchRequest(typed, size=5))
    assert title in [hit.publication.title for hit in results.hits]
    assert results.semantic_total


@given(
    text=st.sampled_from(TYPED),
    match=st.sampled_from(("auto", "all", "any")),
    region=st.sampled_from(((), ("Africa",), ("South Asia", "none"))),
)
def test_similar_publications_are_added_to_few_hits(
    text: str, match: Match, region: tuple[str, ...], engine: Engine, catalogue_engine: Engine
) -> None:
    """Few hits are extended by publications of similar meaning before facets are counted.

    None of the word hits is lost.
    """
    filters = {"region": region} if region else {}
    asked = SearchRequest(text, filters, match=match)
    searcher = engine.get_searcher()
    words, both = (reply_to(asked, each) for each in (catalogue_engine.get_searcher(), searcher))
    known, ranking, meant = words.words, both.retrieved.ranking, both.retrieved.semantic
    assert known
    assert ranking
    added = meant.added if meant else known.documents[:0]
    assert np.array_equal(ranking.documents, np.union1d(known.documents, added))
    assert not np.isin(added, known.documents).any()
    if match == "all" or len(known.documents) >= FEW_HITS:
        assert not len(added)
    snapshot, encoder = snapshot_of(searcher), embeddings.load_encoder()
    assert snapshot.segment.vectors
    assert encoder
    assert len(added) <= MAX_ADDED
    wanted = encoder.encode(retrieve(asked, searcher.interpreter).interpretation.corrected or text)
    assert (snapshot.segment.vectors.compute_cosines(wanted, added) >= MIN_COSINE).all()
    assert both.total == words.total + both.semantic_total
    kept = snapshot.table.count(both.documents)
    assert both.count()["section"].tolist() == kept["section"].tolist()


@pytest.mark.parametrize("text", TYPED[::6])
def test_parts_of_a_semantic_score_add_up(text: str, engine: Engine) -> None:
    for hit in engine.search(SearchRequest(text, explain=True, size=20)).hits:
        assert hit.explanation
        assert hit.score is not None
        assert hit.explanation.score == pytest.approx(hit.score, abs=2e-3)


@pytest.mark.parametrize("text", TO_THE_LETTER)
def test_literal_queries_use_no_semantic_search(
    text: str, engine: Engine, catalogue_engine: Engine
) -> None:
    """Quotes, fields, operators, and wildcards make a query literal, so it has only word hits."""
    assert reply_to(SearchRequest(text), engine.get_searcher()).retrieved.semantic is None
    assert list_hits(SearchRequest(text), engine) == list_hits(
        SearchRequest(text), catalogue_engine
    )


def list_hits(request: SearchRequest, engine: Engine) -> list[tuple[object, ...]]:
    hits = engine.search(request).hits
    return [(hit.publication.id, hit.score, hit.title, hit.passage) for hit in hits]


@pytest.mark.parametrize("switch", [{"semantic": False}, {"exact": True}])
def test_semantic_search_can_be_switched_off(
    switch: dict[str, bool], engine: Engine, catalogue_engine: Engine
) -> None:
    """With `semantic=False` or `exact`, a query has only word hits."""
    for text in TYPED[::9]:
        asked = msgspec.structs.replace(SearchRequest(text), **switch)
        assert list_hits(asked, engine) == list_hits(asked, catalogue_engine)


def test_a_missing_encoder_is_logged(
    meaning_index: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for encoder in (None, embeddings.SentenceEncoder("9")):
        caplog.clear()
        monkeypatch.setattr(embeddings, "load_encoder", lambda encoder=encoder: encoder)
        with caplog.at_level(logging.WARNING):
            results = Engine(meaning_index).search(SearchRequest("trabalho forçado de crianças"))
        assert not results.semantic_total
        (record,) = [
            each for each in caplog.records
            if each.name == "search_app.engine.snapshot.snapshot" and each.thread == get_ident()
        ]  # fmt: skip
        assert "0.2.1, which is not installed" in record.getMessage()
