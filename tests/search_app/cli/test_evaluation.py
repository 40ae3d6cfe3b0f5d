"""Judged queries: the catalogue reaches the required quality, and a build refuses a worse index."""

import shutil
from math import log2
from pathlib import Path

import pytest

from indexer.catalogue import schema
from indexer.catalogue.catalogue_toml import CatalogueError
from indexer.generations import directory
from indexer.jobs import build
from indexer.jobs.build import BuildRejected
from search_app.cli import evaluation
from search_app.cli.evaluation import ALL, JudgedQuery, Judgment, QuerySuite
from search_app.engine import Engine
from search_app.engine.request import SearchRequest
from tests import samples
from tests.catalogue import CORPUS
from tests.conftest import ROOT

SUITE = ROOT / "tests" / "relevance" / "catalogue.toml"
KINDS = 15


@pytest.mark.slow
def test_the_catalogue_reaches_the_required_quality(catalogue_engine: Engine) -> None:
    """The mean nDCG@10 of the shipped queries reaches the minimum of their file, in every kind."""
    suite = evaluation.load(SUITE)
    searcher = catalogue_engine.get_searcher()
    figures = evaluation.mean_ndcg(suite, searcher)
    assert figures[ALL] >= suite.least > 0.8
    assert len(figures) == KINDS
    assert len(suite.query) >= 60


@pytest.mark.parametrize(
    ("text", "first"),
    [
        # A part of the world that is not a facet value, in other languages.
        (
            "Центральная Америка",
            "regional-assessment-on-penal-prosecution-capacities-to-investigate",
        ),
        ("Centroamérica", "regional-assessment-on-penal-prosecution-capacities-to-investigate"),
        # A label without its accents.
        ("tecnologia", "technology-and-human-trafficking"),
        # A compound stays one term in a relaxed search.
        ("psycho-social manuals zebra", "journey-to-justice-manual-on-psychosocial-intervention"),
        ("materials in Portuguese", "affected-for-life-training-film-tip"),
    ],
)
@pytest.mark.slow
def test_names_find_their_publications_first(
    text: str, first: str, catalogue_engine: Engine
) -> None:
    hits = catalogue_engine.search(SearchRequest(text)).hits
    assert any(hit.publication.id.startswith(first) for hit in hits[:3])


def test_a_relaxed_search_keeps_the_year(catalogue_engine: Engine) -> None:
    told = catalogue_engine.search(SearchRequest("zebra police 2009", size=50))
    assert told.relaxed
    assert told.required == ("2009",)
    for each in [hit.publication for hit in told.hits]:
        assert 2009 in each.values["year"] or "2009" in f"{each.title} {each.summary}"


def test_a_series_ranks_first_for_its_name(catalogue_engine: Engine) -> None:
    """A series ranks first if the whole query is its name.

    In a longer query its name is plain terms.
    """
    engine = catalogue_engine
    hits = engine.search(SearchRequest("icat issue brief", explain=True)).hits
    series = ["ICAT Issue Brief" in hit.publication.values.get("series", ()) for hit in hits]
    assert sum(series) == 6
    assert series[:6] == [True] * 6
    assert hits[0].explanation
    (part,) = [each for each in hits[0].explanation.parts if each.text == "icat issue brief"]
    assert [each.field for each in part.fields] == ["series"]
    assert hits[6].explanation
    assert "icat issue brief" not in hits[6].explanation.unmatched
    longer = (
        engine.search(SearchRequest("ICAT issue brief refugees", explain=True)).hits[0].explanation
    )
    assert longer
    assert [part.text for part in longer.parts] == ["ICAT", "issue brief", "refugees"]


def test_every_judgment_is_of_a_publication(catalogue_engine: Engine) -> None:
    """Each judged id exists, has a grade from 1 to 3 and a reason, and occurs once per query."""
    searcher = catalogue_engine.get_searcher()
    for query in evaluation.load(SUITE).query:
        ids = [each.id for each in query.relevant]
        assert len(set(ids)) == len(ids)
        for each in query.relevant:
            assert searcher.get_publication(each.id) is not None
            assert each.grade in (1, 2, 3)
            assert each.why


@pytest.mark.parametrize(
    ("found", "gain"),
    [
        (["a", "b"], 1.0),
        (["b", "a"], (1 + 7 / log2(3)) / (7 + 1 / log2(3))),
        (["x", "a"], (7 / log2(3)) / (7 + 1 / log2(3))),
        (["x"] * 10 + ["a"], 0.0),
        ([], 0.0),
    ],
)
def test_gain_is_discounted_by_rank(found: list[str], gain: float) -> None:
    query = JudgedQuery("q", "plain", (Judgment("a", 3), Judgment("b", 1)))
    assert evaluation.ndcg(query, found) == pytest.approx(gain)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Return a copy of the corpus that a test may edit."""
    return shutil.copytree(CORPUS, tmp_path / "corpus")


@pytest.mark.slow
def test_a_build_refuses_a_worse_index(corpus: Path, tmp_path: Path) -> None:
    index = tmp_path / "index"
    gate = evaluation.make_gate(evaluation.load(SUITE))
    first = build.build(corpus, index, gate=gate)
    assert first.status == "published"
    (corpus / "thesaurus.toml").unlink()
    with pytest.raises(
        BuildRejected, match=r"worse results: all .*, below the minimum of .*; acronym"
    ):
        build.build(corpus, index, gate=gate)
    assert directory.read_live_name(index) == first.generation.name
    assert directory.list_names(index) == [first.generation.name]
    assert build.build(corpus, index).status == "published"


@pytest.mark.parametrize("spoil", ["format", "bytes"])
@pytest.mark.slow
def test_a_build_replaces_an_unusable_live_index(
    spoil: str, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = tmp_path / "index"
    with monkeypatch.context() as patch:
        if spoil == "format":
            patch.setattr(schema, "FORMAT", schema.FORMAT - 1)
        old = build.build(corpus, index).generation
    if spoil == "bytes":
        (old.segment / "words.seg").write_bytes(b"")
    gate = evaluation.make_gate(evaluation.load(SUITE))
    assert build.build(corpus, index, gate=gate).status == "published"


def test_a_first_index_must_reach_the_minimum(tmp_path: Path) -> None:
    """Without a live index, the new index only has to reach the minimum."""
    corpus = tmp_path / "corpus"
    samples.write_corpus(corpus)
    query = JudgedQuery("organ", "plain", (Judgment("nowhere", 3),))
    gate = evaluation.make_gate(QuerySuite((query,), 0.5))
    with pytest.raises(BuildRejected, match=r"all 0\.000, below the minimum of 0\.500"):
        build.build(corpus, tmp_path / "index", gate=gate)
    assert not (tmp_path / "index" / directory.CURRENT).exists()


@pytest.mark.parametrize("text", ["", "least = 1", "[[query]]\ntext = 1", "=", "query = []"])
def test_a_malformed_suite_is_an_error(text: str, tmp_path: Path) -> None:
    file = tmp_path / "suite.toml"
    file.write_text(text)
    with pytest.raises(CatalogueError, match=r"suite\.toml"):
        evaluation.load(file)
