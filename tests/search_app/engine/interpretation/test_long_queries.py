"""Long queries are not limited to the publications that have all of their words."""

from __future__ import annotations

import pytest

from search_app.engine.search import Searcher
from tests.search_app.engine.named import answer, ids, index

CATALOGUE = """\
title = "Rivers"
description = ""
field = [
    { name = "title", label = "Title", kind = "text", role = "title", weight = 2.5 },
    { name = "summary", label = "Abstract", kind = "text", role = "abstract", weight = 1.0 },
]
"""
EVERY, ENOUGH = 30, 110
"""Numbers of publications: with the words of rivers, and with the words of bridges."""


@pytest.fixture(scope="module")
def searcher(tmp_path_factory: pytest.TempPathFactory) -> Searcher:
    """Return a searcher of reports on rivers and on bridges."""
    titles = [f"River dam flood survey {number}" for number in range(EVERY)]
    titles += [f"Bridge arch stone repair {number}" for number in range(ENOUGH)]
    titles += ["Flood survey", "Stone repair", "Stone"]
    rows = [{"id": f"{number}", "title": title} for number, title in enumerate(titles)]
    return index(tmp_path_factory.mktemp("rivers"), CATALOGUE, rows)


def test_a_long_query_shows_publications_that_lack_a_word(searcher: Searcher) -> None:
    """A query of four words lists those with all words first, counts them, and adds others."""
    told = answer("the river dam and its flood survey", searcher)
    assert (told.total, told.relaxed, told.all_words) == (EVERY + 1, True, EVERY)
    assert ids(told)[-1] == str(EVERY + ENOUGH)


@pytest.mark.parametrize(
    ("text", "total"),
    [("river dam flood", EVERY), ("flood survey of the river", EVERY), ("flood survey", EVERY + 1)],
)
def test_stop_words_do_not_make_a_query_long(text: str, total: int, searcher: Searcher) -> None:
    """A query of at most three words lists those with all words, whatever stop words it has."""
    told = answer(text, searcher)
    assert (told.total, told.relaxed) == (total, False)


def test_a_long_query_with_many_hits_stays_strict(searcher: Searcher) -> None:
    """A query of four words that a hundred publications match in full is not relaxed."""
    told = answer("bridge arch stone repair", searcher)
    assert (told.total, told.relaxed) == (ENOUGH, False)
