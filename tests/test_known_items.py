"""Known items are drawn and searched for as the report describes."""

import json
import lzma
from pathlib import Path

import pytest
from rapidfuzz.distance import OSA

from benchmarks.relevance import known_items, known_results
from benchmarks.relevance.known_items import KINDS, KnownItem, Paper

pytestmark = pytest.mark.thorough

NAMES = "Ann Mason", "Bo van Dam", "Chen Li"
SUBJECTS = "Stone bridges", "Flood control", "River deltas", "Cargo harbors", "Garden walls"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    packed = tmp_path_factory.mktemp("papers") / "papers.jsonl.xz"
    titles = [f"{subject} of the town number {n}" for n in range(10) for subject in SUBJECTS]
    titles += ["The same title of two papers", "the same title, of two papers", "Too short title"]
    with lzma.open(packed, "wt") as lines:
        for number, title in enumerate(titles):
            paper = {
                "id": f"p{number}", "title": title, "year": 2000 + number % 20,
                "authors": [NAMES[number % 3]], "venue": "none",
            }  # fmt: skip
            lines.write(json.dumps(paper) + "\n")
    return packed


@pytest.fixture(scope="module")
def papers(file: Path) -> list[Paper]:
    return list(known_items.read(file))


def test_only_unique_long_titles_are_drawn(papers: list[Paper]) -> None:
    items = known_items.draw_items(papers, 50)
    assert {item.paper.id for item in items} == {f"p{number}" for number in range(50)}
    assert items == known_items.draw_items(papers, 50)


def test_each_kind_changes_a_title_as_it_is_named(papers: list[Paper]) -> None:
    for item in known_items.draw_items(papers, 50):
        whole, missing, swapped, misspelt, author, year = (
            known_items.queries([item], kind)[0].text.split() for kind in KINDS
        )
        assert whole == item.paper.title.split()
        assert len(missing) == len(whole) - 1
        assert set(missing) <= set(whole)
        assert sorted(swapped) == sorted(whole)
        assert sum(a != b for a, b in zip(swapped, whole, strict=True)) == 2
        assert OSA.distance(" ".join(misspelt), item.paper.title) == 1
        assert set(author[:3]) <= set(whole) - {"of", "the"}
        assert " ".join(author[3:]) == item.family
        assert year[3:] == [str(item.paper.year)]


def test_a_query_does_not_depend_on_the_others(papers: list[Paper]) -> None:
    items = known_items.draw_items(papers, 50)
    for kind in KINDS:
        found = known_items.queries(items, kind)
        assert isinstance(found[0], KnownItem)
        assert found[:5] == known_items.queries(items[:5], kind)


@pytest.mark.parametrize(
    ("ids", "rank"),
    [(["a", "b"], 1.0), (["b", "a"], 0.5), (["b"], 0.0), (["b"] * 100 + ["a"], 0.0)],
)
def test_a_reciprocal_rank_is_1_at_the_top(ids: list[str], rank: float) -> None:
    assert known_results.reciprocal_rank(ids, "a") == rank


def test_known_items_are_searched_for_by_all_systems(file: Path) -> None:
    results = known_results.measure(file, "ours", lambda line: None)
    assert (results.papers, results.queries, len(results.kinds)) == (53, 5, 6)
    whole = results.kinds[0]
    assert (whole.mrr, whole.shared["ours"], whole.is_met) == (1.0, 1.0, True)
    assert "SQLite FTS5" in whole.shared
    assert "Whoosh" not in whole.shared
