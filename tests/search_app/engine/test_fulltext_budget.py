"""The time budget of searches in full texts."""

from pathlib import Path

import pytest

from indexer.codec.segment.array_file import Array
from indexer.codec.segment.fulltext import AttachedTexts
from indexer.codec.segment.reader import Postings
from indexer.generations import directory
from search_app.engine import BudgetExceeded, open_searcher
from search_app.engine.arrays.fulltext import FullTextMatcher
from search_app.engine.deadline import Deadline
from search_app.engine.query import nodes
from search_app.engine.request import SearchRequest
from search_app.engine.snapshot.snapshot import Snapshot
from tests.search_app.texts import CATALOGUE, make_index_with_texts, make_publication, make_text

FULLTEXT = frozenset({"fulltext"})


@pytest.fixture
def index(tmp_path: Path) -> Path:
    texts = {"a": {"a.pdf": make_text("a", ["of the law " * 9])}}
    return make_index_with_texts(tmp_path, CATALOGUE, [make_publication("a", "Boats")], texts)


def open_matcher(index: Path) -> FullTextMatcher:
    snapshot = Snapshot(directory.load_live(index))
    assert snapshot.texts
    return FullTextMatcher(snapshot.texts, snapshot.vocabulary)


@pytest.mark.parametrize("words", [2, 4])
def test_the_budget_is_checked_before_each_word_of_a_phrase(index: Path, words: int) -> None:
    checks: list[None] = []
    matcher = open_matcher(index)
    phrase = nodes.Phrase(tuple("of the law of".split()[:words]), FULLTEXT)
    found = matcher.find_postings(nodes.Clause([phrase]), lambda: checks.append(None))
    assert found.documents.tolist() == [0]
    assert len(checks) == words


def test_counts_of_alternatives_have_a_budget(index: Path) -> None:
    store = open_searcher(directory.load_live(index)).store
    clause = nodes.Clause([nodes.Phrase(("of", "the"), FULLTEXT)])
    with pytest.raises(BudgetExceeded):
        store.count_all([clause], Deadline(0.0))
    with pytest.raises(BudgetExceeded):
        store.count_together([([clause], [clause])], Deadline(0.0))


def test_searches_with_and_without_texts_share_what_they_read(
    index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The postings of a word are read once, whether or not all words are searched in texts."""
    searcher, reads = open_searcher(directory.load_live(index)), list[None]()
    read = AttachedTexts.get_postings

    def count(texts: AttachedTexts, word: int) -> Postings:
        reads.append(None)
        return read(texts, word)

    monkeypatch.setattr(AttachedTexts, "get_postings", count)
    for inside in (True, False):
        assert searcher.search(SearchRequest("fulltext:law", inside=inside)).total == 1
    assert len(reads) == 1


def test_the_pages_of_a_hit_are_those_of_its_search(
    index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A concept with a hundred names is looked up by name once, not again for each hit."""
    matcher = open_matcher(index)
    names = [nodes.Phrase(("of", "the", *["law"] * count), FULLTEXT) for count in range(100)]
    clause = nodes.Clause([nodes.Names(tuple(names), "concept")])
    looked_up: list[None] = []
    find = AttachedTexts.find_stem

    def count(texts: AttachedTexts, stem: str) -> Array:
        looked_up.append(None)
        return find(texts, stem)

    monkeypatch.setattr(AttachedTexts, "find_stem", count)
    matcher.find_postings(clause, lambda: None)
    assert looked_up
    looked_up.clear()
    [file] = matcher.find_files(0, [clause], 1, lambda: None)
    assert (file.pages, looked_up) == ((1,), [])
