"""Hits rise if the query covers their title."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from search_app.engine.request import SearchRequest
from search_app.engine.results import Hit
from search_app.engine.search import Searcher
from tests.search_app.engine.named import RIVERS, index

PUBLICATIONS: tuple[Mapping[str, object], ...] = (
    {"id": "wanted", "title": "Repair of stone bridges", "authors": "Ann Mason", "year": 2010},
    {"id": "wordy", "title": "Roads and stone bridges in Rome, and what became of them",
     "summary": "The repair of stone bridges and of roads. Repair by a mason was rare.",
     "authors": "Bo Road", "year": 2010},
    {"id": "other", "title": "Stone", "summary": "Bridges need repair.", "year": 2011},
    *({"id": f"{number}", "title": f"Dam {number}"} for number in range(20)),
)  # fmt: skip


@pytest.fixture(scope="module")
def searcher(tmp_path_factory: pytest.TempPathFactory) -> Searcher:
    """Return a searcher of publications on bridges and dams."""
    return index(tmp_path_factory.mktemp("bridges"), RIVERS, PUBLICATIONS)


def find(text: str, searcher: Searcher, *, exact: bool = False) -> list[Hit]:
    """Return the hits of a query with their explanations."""
    return list(searcher.search(SearchRequest(text, exact=exact, explain=True)).hits)


@pytest.mark.parametrize(
    "text",
    [
        "repair of stone bridges",
        "bridges of stone repair",
        "bridges repair Mason",
        "repair stone 2010",
    ],
)
def test_a_hit_whose_title_the_query_covers_ranks_first(text: str, searcher: Searcher) -> None:
    """A title, some of its words, or these with an author find the publication first."""
    first = find(text, searcher)[0]
    assert first.publication.id == "wanted"
    assert first.why
    assert first.why.title > 0
    assert first.why.score == pytest.approx(first.score, abs=1e-3)


def test_an_exact_search_does_not_raise_titles(searcher: Searcher) -> None:
    """With `exact`, BM25F alone decides the order."""
    hits = find("repair of stone bridges", searcher, exact=True)
    assert hits[0].publication.id == "other"
    assert all(hit.why and hit.why.title == 0 for hit in hits)


def test_words_of_the_abstract_do_not_cover_a_title(searcher: Searcher) -> None:
    """A hit with a word in its abstract only gains nothing."""
    hits = find("stone bridges repair", searcher)
    gains = {hit.publication.id: hit.why.title for hit in hits if hit.why}
    assert gains["wanted"] > gains["other"] == gains["wordy"] == 0


def test_two_words_raise_no_title(searcher: Searcher) -> None:
    """A query of two words is read as a subject, not as a title."""
    hits = find("stone bridges", searcher)
    assert [hit.why.title for hit in hits if hit.why] == [0, 0, 0]
