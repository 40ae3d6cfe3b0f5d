"""Spelling and completion of words that only full texts have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product

import pytest

from indexer.fulltext.text import FullText
from search_app.engine.request import SearchRequest
from search_app.engine.search import Searcher
from tests.search_app.engine.full_texts import find, list_ids, one_text, searching
from tests.search_app.texts import make_publication


@pytest.fixture(scope="module")
def searcher() -> Iterator[Searcher]:
    """Yield a searcher of boats, of which four have texts on smuggling, and one on smugglers."""
    made = [make_publication(f"p{number}", f"Boat {number}", year=2000) for number in range(6)]
    made.append(make_publication("x", "The smog"))
    texts: dict[str, Mapping[str, FullText]] = {}
    for publication in made[:4]:
        texts |= one_text(publication.id, ["Smuggling of smaggled goods by boat"])
    texts |= one_text("p4", ["Smuggled goods, smuggleng, a smuggler"])
    with searching(made, texts) as opened:
        yield opened


def test_a_misspelled_word_of_texts_is_corrected(searcher: Searcher) -> None:
    """A word that nothing has is corrected to one of several texts, if these are searched."""
    results = find(searcher, "smugling boat")
    assert results.corrected == "smuggling boat"
    assert list_ids(results) == list_ids(find(searcher, "smuggling boat"))
    assert find(searcher, "smugling boat", inside=False).corrected is None


def test_a_rare_word_of_texts_is_no_correction(searcher: Searcher) -> None:
    """A word of one text may be misspelled itself, so no other is corrected to it."""
    assert find(searcher, "smuglers").corrected is None


def test_a_word_of_publications_is_the_likelier_correction() -> None:
    """A word of two titles precedes one of many texts, at the same distance."""
    made = [make_publication(f"p{number}", "Police" if number < 2 else "x") for number in range(9)]
    texts: dict[str, Mapping[str, FullText]] = {}
    for publication in made:
        texts |= one_text(publication.id, ["a polite answer"])
    with searching(made, texts) as opened:
        assert find(opened, "poliqe").corrected == "police"


def test_words_of_texts_are_completed(searcher: Searcher) -> None:
    """Words that only texts have are suggested after others, with the hits of their search."""
    for text, inside in product(("boat smu", "boa", "smug"), (True, False)):
        for each in searcher.suggest(text, SearchRequest(inside=inside)):
            total = find(searcher, each.text, inside=inside).total
            assert each.kind != "word" or each.count == total
    assert searcher.suggest("boat smu")[0].text == "boat smuggling"
    words = [each.text for each in searcher.suggest("sm") if each.kind == "word"]
    assert words[:2] == ["smog", "smaggled"]
    outside = SearchRequest(inside=False)
    assert [each.text for each in searcher.suggest("sm", outside)][:2] == ["smog", "The smog"]
    filtered = SearchRequest(filters={"year": ("1999",)})
    assert [each for each in searcher.suggest("smu", filtered) if each.kind == "word"] == []
