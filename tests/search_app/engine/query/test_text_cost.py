"""The cost of searches in full texts: the estimate, and the limit."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.codec.segment.fulltext import AttachedTexts
from indexer.codec.segment.reader import Positions, Postings
from indexer.fulltext.text import FullText
from search_app.engine.query import cost
from search_app.engine.request import SearchRequest
from search_app.engine.search import Searcher
from tests.search_app.engine.full_texts import (
    COMPOUNDS,
    PLAIN_QUERIES,
    QUERIES,
    TEXT_WORDS,
    find,
    one_text,
    searching,
    throw,
)
from tests.search_app.texts import CATALOGUE, make_publication
from tests.tiers import examples

PLAIN = tuple(field for field in CATALOGUE.fields if field.kind != "fulltext")
MADE = [make_publication(f"p{number}", "The law of the sea", year=2000) for number in range(9)]


@pytest.fixture(scope="module")
def searchers() -> Iterator[tuple[Searcher, Searcher]]:
    texts: dict[str, Mapping[str, FullText]] = {}
    for publication in MADE:
        texts |= one_text(publication.id, ["the law of the sea " * 100] * 10)
    with searching(MADE, texts) as searcher, searching(MADE, {}, fields=PLAIN) as bare:
        yield searcher, bare


@pytest.mark.parametrize(
    "text",
    ["law sea", '"of the"', "law-sea", "la*", "l*w", "law~", "zebra", "title:law", "title:law-sea"],
)
def test_texts_cost_what_a_search_of_them_costs(
    text: str, searchers: tuple[Searcher, Searcher]
) -> None:
    """Texts add to the estimate if they are searched, otherwise it is that without texts."""
    searcher, bare = searchers
    inside, outside = (
        searcher.estimate_cost(SearchRequest(text, inside=inside)) for inside in (True, False)
    )
    assert outside == bare.estimate_cost(SearchRequest(text))
    assert (inside == outside) == text.startswith("title:")
    named = SearchRequest(f"fulltext:{text}", inside=False)
    assert text.startswith("title:") or searcher.estimate_cost(named) > outside


def test_a_phrase_costs_all_its_positions(searchers: tuple[Searcher, Searcher]) -> None:
    phrase, words = (
        searchers[0].estimate_cost(SearchRequest(text)) for text in ('"of the"', "of the")
    )
    occurrences = 3 * 100 * 10 * len(MADE)
    assert phrase - words > cost.POSITION_COST * occurrences * 0.9


@examples(40)
@given(seed=st.integers(0, 2**32), text=QUERIES | PLAIN_QUERIES)
def test_the_estimate_covers_what_is_read_of_texts(seed: int, text: str) -> None:
    made, texts = throw(seed, (*TEXT_WORDS, *COMPOUNDS))
    read: list[int] = []

    def count(name: str) -> Callable[..., Positions | Postings]:
        method = getattr(AttachedTexts, name)

        def counting(*given: Any) -> Positions | Postings:
            found: Positions | Postings = method(*given)
            read.append(len(found.documents))
            return found

        return counting

    with searching(made, texts) as searcher, pytest.MonkeyPatch.context() as patch:
        for name in ("get_postings", "find_positions"):
            patch.setattr(AttachedTexts, name, count(name))
        request = SearchRequest(text, size=0)
        searcher.search(request)
        assert sum(read) <= searcher.estimate_cost(request)


def test_phrases_over_the_limit_are_left_out(
    searchers: tuple[Searcher, Searcher], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A query that costs too much in texts keeps its cheaper words, and reports the others."""
    monkeypatch.setattr(cost, "MAX_TEXT_COST", 4000)
    text = '"of the" law sea the'
    results = find(searchers[0], text, exact=True)
    assert results.dropped_clauses == ('"of the"',)
    assert results.total == len(MADE)
    assert find(searchers[0], text, exact=True, inside=False).dropped_clauses == ()
    named = f"{text} fulltext:{text}"
    assert find(searchers[0], named, exact=True, inside=False).dropped_clauses == ('"of the"',)
