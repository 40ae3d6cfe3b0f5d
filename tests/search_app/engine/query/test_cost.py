"""The limit on the cost of a query, and the report of the words that it leaves out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_app.engine import Engine
from search_app.engine.query import cost, nodes, vocabulary
from search_app.engine.snapshot.snapshot import Snapshot
from tests.search_app.engine import catalogues
from tests.search_app.engine.arrays.below import snapshot_of


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """Return an engine on 150 generated publications."""
    return Engine(catalogues.index(tmp_path_factory.mktemp("index"), catalogues.throw(3, 150)))


@pytest.fixture
def snapshot(engine: Engine) -> Snapshot:
    return Snapshot(engine.get_searcher().generation)


def word(text: str) -> nodes.Clause:
    return nodes.Clause([nodes.Term(text, frozenset({"title", "summary", "region"}))], text)


def commonest(snapshot: Snapshot, number: int) -> list[str]:
    stems = snapshot.segment.stems
    order = sorted(range(len(stems.texts)), key=lambda each: -stems.doc_frequency(each))
    return [stems.texts.get_text(each) for each in order[:number]]


def test_the_most_expensive_words_are_left_out(
    snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = commonest(snapshot, 6)
    tree = nodes.Or([word(text) for text in texts])
    costs = [cost.compute_cost(leaf, snapshot.vocabulary) for leaf in nodes.clauses(tree)]
    monkeypatch.setattr(cost, "MAX_POSTINGS", sum(sorted(costs)[:4]))
    kept, left_out = cost.limit_cost(tree, snapshot.vocabulary)
    assert len(left_out) == 2
    assert [leaf.text for leaf in nodes.clauses(kept)] == [
        text for text in texts if text not in left_out
    ]
    cheapest = max(cost.compute_cost(leaf, snapshot.vocabulary) for leaf in nodes.clauses(kept))
    assert min(cost.compute_cost(word(text), snapshot.vocabulary) for text in left_out) >= cheapest


def test_three_plain_words_are_always_within_the_limit(
    snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cost, "MAX_POSTINGS", 0)
    tree = nodes.And([word(text) for text in commonest(snapshot, cost.ALWAYS_ALLOWED)])
    assert cost.limit_cost(tree, snapshot.vocabulary) == (tree, ())


@given(data=st.data())
def test_every_leaf_is_kept_or_reported(data: st.DataObject, engine: Engine) -> None:
    snapshot = snapshot_of(engine.get_searcher())
    texts = commonest(snapshot, 8)
    trees = st.recursive(
        st.sampled_from(texts).map(word),
        lambda inner: st.one_of(
            st.lists(inner, min_size=2, max_size=3).map(nodes.And),
            st.lists(inner, min_size=2, max_size=3).map(nodes.Or),
            inner.map(nodes.Not),
        ),
        max_leaves=8,
    )
    tree = data.draw(trees)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cost, "MAX_POSTINGS", data.draw(st.integers(0, 600)))
        patch.setattr(cost, "ALWAYS_ALLOWED", 0)
        kept, left_out = cost.limit_cost(tree, snapshot.vocabulary)
    said = [leaf.text for leaf in nodes.clauses(kept, excluded=True)]
    assert sorted([*said, *left_out]) == sorted(
        each.text for each in nodes.clauses(tree, excluded=True)
    )
    assert kept is None or not _has_empty_node(kept)


def _has_empty_node(tree: nodes.Tree) -> bool:
    children = nodes.list_children(tree)
    return (not children and not isinstance(tree, nodes.Clause)) or any(
        map(_has_empty_node, children)
    )


def test_an_expansion_keeps_its_commonest_terms(
    snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    pattern = nodes.Wildcard("*e*", frozenset(snapshot.segment.fields))
    whole = vocabulary.expand(pattern, snapshot.vocabulary)
    terms = snapshot.segment.words
    held = [terms.doc_frequency(int(number)) for number in whole.numbers]
    monkeypatch.setattr(vocabulary, "MAX_POSTINGS", sum(held) // 2)
    cut = vocabulary.expand(pattern, Snapshot(snapshot.generation).vocabulary)
    assert 0 < cut.dropped == len(whole.numbers) - len(cut.numbers)
    kept = [terms.doc_frequency(int(number)) for number in cut.numbers]
    assert sum(kept) <= sum(held) // 2
    assert sorted(held, reverse=True)[: len(kept)] == sorted(kept, reverse=True)
