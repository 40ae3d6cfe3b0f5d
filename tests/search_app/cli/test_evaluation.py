"""Judged queries are answered well, and an index that answers them worse is not published."""

from __future__ import annotations

import shutil
from math import log2
from pathlib import Path

import pytest

from indexer.catalogue import schema
from indexer.catalogue.catalogue_toml import CatalogueError
from indexer.generations import directory
from indexer.jobs import build
from indexer.jobs.build import Refused
from search_app.cli import evaluation
from search_app.cli.evaluation import ALL, Judged, Judgement, Suite
from search_app.engine import Engine
from search_app.engine.request import SearchRequest
from tests.catalogue import CORPUS
from tests.conftest import ROOT

SUITE = ROOT / "tests" / "relevance" / "catalogue.toml"
KINDS = 15


@pytest.mark.slow
def test_the_catalogue_answers_its_judged_queries(catalogue_engine: Engine) -> None:
    """The mean nDCG@10 of the shipped queries is at least what their file wants, in all kinds."""
    suite = evaluation.load(SUITE)
    searcher = catalogue_engine.searcher()
    figures = evaluation.figures(suite, searcher)
    assert figures[ALL] >= suite.least > 0.8
    assert len(figures) == KINDS
    assert len(suite.query) >= 60


@pytest.mark.parametrize(
    ("text", "first"),
    [
        # A part of the world that is no value, in other languages.
        (
            "Центральная Америка",
            "regional-assessment-on-penal-prosecution-capacities-to-investigate",
        ),
        ("Centroamérica", "regional-assessment-on-penal-prosecution-capacities-to-investigate"),
        # A label without its accents.
        ("tecnologia", "technology-and-human-trafficking"),
        # What was typed in one piece stays one, where not all words are found.
        ("psycho-social manuals zebra", "journey-to-justice-manual-on-psychosocial-intervention"),
        ("materials in Portuguese", "affected-for-life-training-film-tip"),
    ],
)
@pytest.mark.slow
def test_names_that_a_reader_types(text: str, first: str, catalogue_engine: Engine) -> None:
    """Names in other languages, without accents or in pieces find what they name first."""
    hits = catalogue_engine.search(SearchRequest(text)).hits
    assert any(hit.publication.id.startswith(first) for hit in hits[:3])


def test_years_are_kept_to(catalogue_engine: Engine) -> None:
    """Where not all words are found, what is shown is of the year that was typed, or names it."""
    told = catalogue_engine.search(SearchRequest("zebra police 2009", size=50))
    assert told.relaxed
    assert told.kept == ("2009",)
    for each in [hit.publication for hit in told.hits]:
        assert 2009 in each.values["year"] or "2009" in f"{each.title} {each.summary}"


def test_what_is_called_as_all_that_was_typed_comes_first(catalogue_engine: Engine) -> None:
    """A series comes first by its name, and says so; within a longer text it is words."""
    engine = catalogue_engine
    hits = engine.search(SearchRequest("icat issue brief", explain=True)).hits
    series = ["ICAT Issue Brief" in hit.publication.values.get("series", ()) for hit in hits]
    assert sum(series) == 6
    assert series[:6] == [True] * 6
    assert hits[0].why
    (part,) = [each for each in hits[0].why.parts if each.said == "icat issue brief"]
    assert [each.field for each in part.fields] == ["series"]
    assert hits[6].why
    assert "icat issue brief" not in hits[6].why.lacks
    longer = engine.search(SearchRequest("ICAT issue brief refugees", explain=True)).hits[0].why
    assert longer
    assert [part.said for part in longer.parts] == ["ICAT", "issue brief", "refugees"]


def test_every_judgement_is_of_a_publication(catalogue_engine: Engine) -> None:
    """Each judged id is in the catalogue, graded 1 to 3, with its reason, once a query."""
    searcher = catalogue_engine.searcher()
    for query in evaluation.load(SUITE).query:
        ids = [each.id for each in query.relevant]
        assert len(set(ids)) == len(ids)
        for each in query.relevant:
            assert searcher.publication(each.id) is not None
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
def test_gain_is_discounted_by_place(found: list[str], gain: float) -> None:
    """A list gains what each grade is worth, less the further down it stands, of the best."""
    query = Judged("q", "plain", (Judgement("a", 3), Judgement("b", 1)))
    assert evaluation.gain(query, found) == pytest.approx(gain)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A copy of the corpus that may be edited."""
    return shutil.copytree(CORPUS, tmp_path / "corpus")


@pytest.mark.slow
def test_an_index_that_answers_worse_is_refused(corpus: Path, tmp_path: Path) -> None:
    """Without its thesaurus the index answers synonyms worse, so the gate keeps the live one."""
    index = tmp_path / "index"
    gate = evaluation.gate(evaluation.load(SUITE))
    first = build.build(corpus, index, gate=gate)
    assert first.status == "published"
    (corpus / "thesaurus.toml").unlink()
    with pytest.raises(Refused, match=r"answered worse: all .* wanted; acronym"):
        build.build(corpus, index, gate=gate)
    assert directory.current_name(index) == first.generation.name
    assert directory.names(index) == [first.generation.name]
    assert build.build(corpus, index).status == "published"


@pytest.mark.parametrize("spoil", ["format", "bytes"])
@pytest.mark.slow
def test_a_live_index_that_cannot_answer_is_no_bar(
    spoil: str, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A live index of an older form, or a damaged one, is replaced, if the least is reached."""
    index = tmp_path / "index"
    with monkeypatch.context() as patch:
        if spoil == "format":
            patch.setattr(schema, "FORMAT", schema.FORMAT - 1)
        old = build.build(corpus, index).generation
    if spoil == "bytes":
        (old.segment / "words.seg").write_bytes(b"")
    gate = evaluation.gate(evaluation.load(SUITE))
    assert build.build(corpus, index, gate=gate).status == "published"


def test_an_index_must_reach_the_least(corpus: Path, tmp_path: Path) -> None:
    """Without a live index it is the least that counts."""
    query = Judged("organ", "plain", (Judgement("nowhere", 3),))
    with pytest.raises(Refused, match=r"all 0\.000, at least 0\.500 wanted"):
        build.build(corpus, tmp_path / "index", gate=evaluation.gate(Suite((query,), 0.5)))
    assert not (tmp_path / "index" / directory.CURRENT).exists()


@pytest.mark.parametrize("text", ["", "least = 1", "[[query]]\ntext = 1", "=", "query = []"])
def test_a_file_that_is_no_suite_is_told(text: str, tmp_path: Path) -> None:
    """A file without queries, or of another form, is an error that names it."""
    file = tmp_path / "suite.toml"
    file.write_text(text)
    with pytest.raises(CatalogueError, match=r"suite\.toml"):
        evaluation.load(file)
