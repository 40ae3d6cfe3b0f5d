"""`make relevance` measures rankings as its report describes."""

import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from benchmarks.relevance import engine, judged, tuning
from benchmarks.relevance.__main__ import main
from benchmarks.relevance.bm25f import Collection
from benchmarks.relevance.judged import JudgedSet
from benchmarks.relevance.paired import Difference, difference
from benchmarks.relevance.peers import PEERS, Peer
from benchmarks.relevance.results import Bar

pytestmark = pytest.mark.thorough

DOCUMENTS = (
    ("1", "Wings in a slipstream", "The lift of a wing behind a propeller, measured."),
    ("2", "Heat in slabs", "How heat is conducted through composite slabs."),
    ("3", "Libraries of aircraft makers", "Catalogues, cards and the users of a library."),
    ("4", "", "A text without a title, on the flutter of today's wings."),
    ("5", "", ""),
    ("6", "Heat shields", "Shields against heat, of composite materials and of metal."),
    ("7", "Propellers", "Propellers: their lift, their noise, their makers."),
)
QUERIES = (
    ("a", 'What is the lift of a wing in a "slipstream"?', None),
    ("b", "composite -slabs OR heat", None),
    ("c", "users of a library", None),
    ("d", "today's flutter", None),
    ("e", "nobody has judged this", None),
    ("f", "heat", "train"),
)
JUDGMENTS = (
    ("a", "1", 3), ("a", "3", -1), ("b", "2", 2), ("b", "6", 1), ("c", "3", 1), ("d", "4", 1),
    ("f", "6", 1),
)  # fmt: skip


@pytest.fixture
def collections(tmp_path: Path) -> Path:
    folder = tmp_path / "collections" / "small"
    folder.mkdir(parents=True)
    documents = [{"id": each[0], "title": each[1], "text": each[2]} for each in DOCUMENTS]
    queries = [{"id": each[0], "text": each[1], "split": each[2]} for each in QUERIES]
    for name, rows in (("docs.jsonl", documents), ("queries.jsonl", queries)):
        (folder / name).write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    grades = (f"{query}\t{document}\t{grade}\n" for query, document, grade in JUDGMENTS)
    (folder / "qrels.tsv").write_text("".join(grades))
    return folder.parent


@pytest.fixture
def small(collections: Path) -> JudgedSet:
    return judged.load(collections / "small")


def test_only_judged_queries_count(small: JudgedSet) -> None:
    assert [query.id for query in small.queries] == ["a", "b", "c", "d"]
    assert small.judgments["a"] == {"1": 3}


def test_empty_documents_are_reported_and_untitled_ones_kept(small: JudgedSet) -> None:
    assert small.empty == ("5",)
    assert [each.id for each in small.documents] == ["1", "2", "3", "4", "6", "7"]


def test_words_contain_no_operator(small: JudgedSet) -> None:
    """Quotes, minus, OR, and fields become words, of which at most 500 are kept."""
    assert small.queries[1].words == "composite slabs or heat"
    assert judged.words('title:a -"b c" d* (e)') == "title a b c d e"
    assert len(judged.words("word " * 600).split()) == 500


def test_the_engine_ranks_relevant_documents_first(small: JudgedSet, tmp_path: Path) -> None:
    searched = engine.built(small.documents, tmp_path)
    found = {query.id: [*engine.found(searched, query.words, "any", 10)] for query in small.queries}
    assert {query: documents[0] for query, documents in found.items()} == {
        "a": "1", "b": "2", "c": "3", "d": "4",
    }  # fmt: skip
    assert set(found["b"]) == {"2", "6"}


def test_the_formula_gives_the_scores_of_the_engine(small: JudgedSet, tmp_path: Path) -> None:
    searched = engine.built(small.documents, tmp_path)
    collection = Collection(small.documents)
    assert engine.largest_difference(searched, small, collection) < engine.TOLERANCE


def test_a_difference_from_the_formula_is_an_error(small: JudgedSet, tmp_path: Path) -> None:
    searched = engine.built(small.documents, tmp_path)
    fewer = Collection(small.documents)
    fewer.title_lengths = fewer.title_lengths * 2
    with pytest.raises(engine.Disagreement, match="of small"):
        engine.largest_difference(searched, small, fewer)


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def test_a_peer_matches_any_of_the_words(peer: Peer, small: JudgedSet, tmp_path: Path) -> None:
    """Each peer returns every document with any of the words once, with or without apostrophes."""
    if not peer.is_installed:
        pytest.skip(f"{peer.module} is not installed: make relevance installs it")
    rank = peer.build(small.documents, tmp_path)
    assert sorted(rank("composite libraries")) == ["2", "3", "6"]
    assert rank(small.queries[3].words)[0] == "4"
    assert rank("zyzzyva") == []


def test_a_consistent_difference_is_significant() -> None:
    theirs = np.linspace(0, 0.9, 40)
    edge = difference(theirs + 0.05, theirs)
    assert (edge.low, edge.mean, edge.high) == pytest.approx((0.05, 0.05, 0.05))
    assert edge.chance < 0.001
    assert (edge.better, edge.worse, edge.equal) == (40, 0, 0)
    swaying = difference(theirs + np.tile((0.3, -0.29), 20), theirs)
    assert swaying.low < 0 < swaying.high
    assert swaying.chance > 0.5


def test_a_choice_is_evaluated_on_the_other_half() -> None:
    """A choice is scored only on the queries that were not used to make it."""
    rows, count = len(tuning.GRID), 8
    grid = np.zeros((rows, count))
    grid[:count] = np.eye(count)
    chosen = tuning.choices({"small": tuning.Tried(grid, np.full(count, 0.5))})
    assert [each.chosen_on for each in chosen] == [1, 2]
    assert [each.held_out for each in chosen] == [{"small": 0.0}, {"small": 0.0}]
    assert [each.standing for each in chosen] == [{"small": 0.5}, {"small": 0.5}]
    assert chosen[0].constants != chosen[1].constants


@pytest.mark.parametrize(
    ("needed", "ahead", "met"),
    [(0.0, 0.001, True), (0.0, 0.0, False), (-0.005, -0.005, True), (-0.005, -0.006, False)],
)
def test_a_tie_does_not_meet_a_bar(needed: float, ahead: float, met: bool) -> None:
    apart = Difference(ahead, ahead, ahead, 1.0, 0, 0, 1)
    assert Bar("Whoosh", needed, apart).is_met is met


def test_a_run_writes_a_report_and_its_figures(collections: Path, tmp_path: Path) -> None:
    if find_spec("ir_measures") is None:
        pytest.skip("ir-measures is not installed: make relevance installs it")
    page = tmp_path / "docs" / "relevance.md"
    missing = str(tmp_path / "papers.jsonl.xz")
    arguments = ["--collections", str(collections), "--report", str(page), "--papers", missing]
    ran = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert ran.exit_code == 0, ran.output
    assert f"known items: skipped, because {missing} does not exist" in ran.output
    text = page.read_text(encoding="utf-8")
    assert "`make relevance` wrote this page" in text
    assert "targets are met" in text
    assert "Not measured, because the file of papers is missing." in text
    assert str(tmp_path) not in text
    figures = json.loads((page.with_suffix("") / "results.json").read_bytes())
    (small,) = figures["sets"]
    assert small["lines"][0]["means"] == {"nDCG@10": 1.0, "MAP": 1.0, "recall@100": 1.0}
    assert len(small["lines"][0]["figures"]["nDCG@10"]) == len(small["lengths"]) == 4
    assert small["empty"] == ["5"]


def test_a_folder_without_sets_is_an_error(tmp_path: Path) -> None:
    page = tmp_path / "relevance.md"
    arguments = ["--collections", str(tmp_path), "--report", str(page)]
    ran = CliRunner().invoke(main, arguments)
    assert ran.exit_code == 2
    assert "qrels.tsv" in ran.output
    assert not page.exists()
