"""The marks in the title and the summary are exactly the matches there."""

from collections.abc import Iterator
from typing import cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.analysis import tokenizer
from indexer.catalogue import schema
from search_app.engine.arrays.scoring import find_hits
from search_app.engine.arrays.store import ArrayStore
from search_app.engine.features.page_hits import Marks
from search_app.engine.interpretation import interpreter
from search_app.engine.matching import match_parts, read_words
from search_app.engine.query import nodes
from search_app.engine.request import SearchRequest
from search_app.engine.search import Searcher
from search_app.engine.snapshot.snapshot import Snapshot
from tests.search_app.engine.test_explain import FURTHER, QUERIES
from tests.tiers import examples

pytestmark = pytest.mark.slow


Chars = set[tuple[str, int]]
"""Characters of the title and the abstract: the field and the offset of each."""


def list_texts(number: int, snapshot: Snapshot) -> Iterator[tuple[str, str, str]]:
    """Yield the title and the abstract of a publication: the field, the text, and its language."""
    catalogue, publication = snapshot.catalogue, snapshot.get_publication(number)
    for field in catalogue.searchable:
        if field.role in ("title", "abstract"):
            text = schema.get_text(publication, field, catalogue)
            yield field.name, text, publication.lang or catalogue.language


def list_matched(tree: nodes.Tree, number: int, snapshot: Snapshot) -> Chars:
    words, found = snapshot.gather(np.array([number])), set[tuple[str, int]]()
    for field, text, _ in list_texts(number, snapshot):
        begin, end = words.bound(0, field)
        places = [at for at in range(begin, end) if words.words[at] >= 0]
        at = dict(zip(places, tokenizer.find_spans(text), strict=True))
        for leaf in nodes.clauses(tree):
            for match in match_parts(leaf.parts, words):
                for start in match.starts.tolist():
                    for word in range(start, start + match.length):
                        found |= {(field, one) for one in range(*at.get(word, (0, 0)))}
    return found


def list_marked(tree: nodes.Tree, number: int, snapshot: Snapshot) -> Chars:
    marks, found = Marks(tree, snapshot.gather(np.array([number]))), set[tuple[str, int]]()
    for field, text, language in list_texts(number, snapshot):
        spans = marks.find(0, field, text)
        assert spans == Marks(tree, read_words(text, language, field)).find(0, field, text)
        found |= {(field, one) for span in spans for one in range(*span)}
    return found


def is_conditional(tree: nodes.Tree) -> bool:
    """Return whether a word counts only if the publication has another word too."""
    together = any(
        isinstance(part, nodes.Together) for leaf in nodes.clauses(tree) for part in leaf.parts
    )
    nested = any(isinstance(each, nodes.And) for each in nodes.list_children(tree))
    return together or (nested and not isinstance(tree, nodes.And))


def assert_marked(text: str, match: str, searcher: Searcher) -> None:
    """Assert that all matches are marked, and nothing else unless a word depends on another."""
    request = SearchRequest(text, match=match)  # type: ignore[arg-type]
    tree = interpreter.retrieve(request, searcher.interpreter).reply.tree
    if tree is None:
        return
    snapshot = cast(ArrayStore, searcher.store).snapshot
    for number in find_hits(tree, snapshot).documents.tolist():
        wanted = list_matched(tree, number, snapshot)
        shown = list_marked(tree, number, snapshot)
        assert wanted <= shown, (text, snapshot.get_title(number))
        assert is_conditional(tree) or wanted == shown, (text, snapshot.get_title(number))


@pytest.mark.parametrize("match", ["auto", "any"])
@pytest.mark.thorough
def test_matches_of_judged_queries_are_marked(match: str, searcher: Searcher) -> None:
    for text in [*QUERIES, *FURTHER]:
        assert_marked(text, match, searcher)


TYPED = st.sampled_from([
    "organ", "victims", "trafficking", "model", "law", "manual", "trata", "personas", "traite",
    "smuggling", "migrants", "boat", "the", "of", "labor", "Kenya", "UNODC", "human", "persons",
])  # fmt: skip
WORDS = st.one_of(
    TYPED,
    st.builds(lambda word, n: f"{word[:n]}*", TYPED, st.integers(2, 5)),
    st.builds(lambda word, n: f"*{word[n:]}", TYPED, st.integers(1, 2)),
    TYPED.map(lambda word: f"{word}x~"),
    TYPED.map(lambda word: f"-{word}"),
    TYPED.map(lambda word: f"title:{word}"),
    st.lists(TYPED, min_size=2, max_size=3).map(lambda words: f'"{" ".join(words)}"'),
    st.lists(TYPED, min_size=2, max_size=2).map("-".join),
    st.just("OR"),
)
TEXTS = st.lists(WORDS, min_size=1, max_size=4).map(" ".join)


@given(text=TEXTS, match=st.sampled_from(["auto", "any"]))
@examples(60)
def test_matches_of_any_text_are_marked(text: str, match: str, searcher: Searcher) -> None:
    assert_marked(text, match, searcher)
