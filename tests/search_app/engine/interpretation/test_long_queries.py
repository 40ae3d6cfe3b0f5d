"""Long queries are not limited to the publications that have all of their words."""

from __future__ import annotations

import pytest

from search_app.engine.search import Searcher
from tests.search_app.engine.named import RIVERS, answer, ids, index

EVERY, ENOUGH = 30, 110
"""Numbers of publications: with the words of rivers, and with the words of bridges."""


@pytest.fixture(scope="module")
def searcher(tmp_path_factory: pytest.TempPathFactory) -> Searcher:
    """Return a searcher of reports on rivers and on bridges."""
    titles = [f"River dam flood survey {number}" for number in range(EVERY)]
    titles += [f"Bridge arch stone repair {number}" for number in range(ENOUGH)]
    titles += ["Flood survey", "Stone repair", "Stone"]
    rows = [{"id": f"{number}", "title": title} for number, title in enumerate(titles)]
    return index(tmp_path_factory.mktemp("rivers"), RIVERS, rows)


@pytest.mark.parametrize(
    ("text", "total", "all_words"),
    [
        ("the river dam and its flood survey", EVERY + 1, EVERY),
        # Stop words do not make a query long.
        ("river dam flood", EVERY, 0),
        ("flood survey of the river", EVERY, 0),
        ("flood survey", EVERY + 1, 0),
        # A hundred publications match in full.
        ("bridge arch stone repair", ENOUGH, 0),
    ],
)
def test_a_query_of_four_words_with_few_hits_is_relaxed(
    text: str, total: int, all_words: int, searcher: Searcher
) -> None:
    """Publications with all words are listed first and counted, and others are added."""
    told = answer(text, searcher)
    assert (told.total, told.relaxed, told.all_words) == (total, all_words > 0, all_words)
    assert (ids(told)[-1] == str(EVERY + ENOUGH)) == bool(all_words)
