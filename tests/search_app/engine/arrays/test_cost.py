"""What a query may cost has a bound; what is left out because of it is told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from whoosh import query

from search_app.engine import Engine
from search_app.engine.arrays import cost, term_expansion
from search_app.engine.query.nodes import Leaf, leaves
from search_app.engine.request import SearchRequest
from search_app.engine.snapshot.snapshot import Snapshot
from tests.search_app.engine import catalogues
from tests.search_app.engine.arrays.below import snapshot_of


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """An engine on 150 generated publications."""
    return Engine(catalogues.index(tmp_path_factory.mktemp("index"), catalogues.throw(3, 150)))


@pytest.fixture
def snapshot(engine: Engine) -> Snapshot:
    """A snapshot that remembers nothing yet."""
    return Snapshot(engine.searcher().generation)


def word(text: str) -> Leaf:
    """A word in all fields."""
    return Leaf([query.Term(field, text) for field in ("title", "summary", "region")], text)


def commonest(snapshot: Snapshot, number: int) -> list[str]:
    """The stems that most publications have, the commonest first."""
    stems = snapshot.segment.stems
    order = sorted(range(len(stems.texts)), key=lambda each: -stems.frequency(each))
    return [stems.texts.text(each) for each in order[:number]]


def test_the_costliest_words_are_left_out(
    snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond the bound a query keeps its rarest words, and the others are told as typed."""
    texts = commonest(snapshot, 6)
    tree = query.Or([word(text) for text in texts])
    costs = [cost.cost(leaf, snapshot) for leaf in tree.subqueries]
    monkeypatch.setattr(cost, "MOST", sum(sorted(costs)[:4]))
    kept, left_out = cost.bounded(tree, snapshot)
    assert len(left_out) == 2
    assert [leaf.said for leaf in leaves(kept)] == [text for text in texts if text not in left_out]
    cheapest = max(cost.cost(leaf, snapshot) for leaf in leaves(kept))
    assert min(cost.cost(word(text), snapshot) for text in left_out) >= cheapest


def test_a_few_plain_words_are_never_too_much(
    snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three words are answered whole, however common they are."""
    monkeypatch.setattr(cost, "MOST", 0)
    tree = query.And([word(text) for text in commonest(snapshot, cost.FREE)])
    assert cost.bounded(tree, snapshot) == (tree, ())


@given(data=st.data())
def test_what_is_kept_is_the_tree_without_what_is_told(data: st.DataObject, engine: Engine) -> None:
    """Whatever the shape of a tree, its leaves are kept or told, and no empty node stays."""
    snapshot = snapshot_of(engine.searcher())
    texts = commonest(snapshot, 8)
    trees = st.recursive(
        st.sampled_from(texts).map(word),
        lambda inner: st.one_of(
            st.lists(inner, min_size=2, max_size=3).map(query.And),
            st.lists(inner, min_size=2, max_size=3).map(query.Or),
            inner.map(query.Not),
        ),
        max_leaves=8,
    )
    tree = data.draw(trees)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cost, "MOST", data.draw(st.integers(0, 600)))
        patch.setattr(cost, "FREE", 0)
        kept, left_out = cost.bounded(tree, snapshot)
    said = [leaf.said for leaf in _leaves(kept)]
    assert sorted([*said, *left_out]) == sorted(leaf.said for leaf in _leaves(tree))


def _leaves(tree: query.Query | None) -> list[Leaf]:
    if tree is None or isinstance(tree, Leaf):
        return [] if tree is None else [tree]
    children = list(tree.children())
    assert children
    return [leaf for child in children for leaf in _leaves(child)]


def test_an_expansion_keeps_its_commonest_terms(
    snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A beginning that stands for too much keeps its commonest words; how many more is told."""
    beginning = query.Wildcard("title", "=*e*")
    fields = set(snapshot.segment.fields)
    (whole,) = term_expansion.expansions(beginning, fields, snapshot)
    terms = snapshot.segment.words
    held = [terms.frequency(int(number)) for number in whole.numbers]
    monkeypatch.setattr(term_expansion, "MOST_POSTINGS", sum(held) // 2)
    (cut,) = term_expansion.expansions(beginning, fields, Snapshot(snapshot.generation))
    assert 0 < cut.left_out == len(whole.numbers) - len(cut.numbers)
    kept = [terms.frequency(int(number)) for number in cut.numbers]
    assert sum(kept) <= sum(held) // 2
    assert sorted(held, reverse=True)[: len(kept)] == sorted(kept, reverse=True)


def test_a_search_tells_what_it_left_out(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Results name what was typed and left out, and still have what the rest finds."""
    snapshot = snapshot_of(engine.searcher())
    texts = commonest(snapshot, 5)
    monkeypatch.setattr(cost, "MOST", cost.cost(word(texts[-1]), snapshot))
    monkeypatch.setattr(cost, "FREE", 0)
    found = engine.search(SearchRequest(" ".join(texts), match="any"))
    assert found.too_much
    assert found.total
