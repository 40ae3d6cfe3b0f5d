"""The engine and stock Whoosh have the same hits for every kind of tree.

Stock Whoosh searches two indexes. One is that of the engine, through its codec. The other is
written by Whoosh itself from the same publications, so that no fault of the codec stays hidden.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from whoosh import index as whoosh_index
from whoosh import query
from whoosh.codec.base import Automata
from whoosh.searching import Searcher as Whoosh

from benchmarks.whoosh_documents import make_document
from indexer.catalogue import schema
from indexer.catalogue.fields import Catalogue
from indexer.catalogue.records import Publication
from indexer.generations import directory
from search_app.engine import Searcher, SearchRequest
from search_app.engine.arrays.scoring import find_hits
from search_app.engine.query import nodes
from search_app.engine.snapshot.snapshot import Snapshot
from tests.search_app.engine import catalogues, trees
from tests.tiers import examples

MADE = catalogues.throw(seed=7, size=300)
ALL_FIELDS = frozenset(field.name for field in catalogues.CATALOGUE.searchable)
COMMON: trees.Trees = st.sampled_from((
    nodes.Clause([nodes.Prefix("", ALL_FIELDS)]), nodes.Clause([nodes.Prefix("po", ALL_FIELDS)]),
    nodes.Clause([nodes.Wildcard("*e*", ALL_FIELDS)]),
    nodes.Filter("region", ("North", "Nowhere", "West")),
    nodes.Filter("year", ("2001", "1900", "2005")),
))  # fmt: skip
"""Clauses that match most of the generated publications, and filters of several values."""
TREES = {
    "a stem": 300, "a word as written": 200, "a phrase": 400, "a prefix": 100,
    "a wildcard": 100, "a fuzzy term": 80, "several at once": 50, "a value": 200, "a range": 60,
    "everything": 1, "anything": 420,
}  # fmt: skip
"""The number of trees by kind. `anything` joins and negates trees of all kinds."""


class Both:
    """Publications, their index in the engine, and stock Whoosh on that index and on its own."""

    def __init__(
        self, folder: Path, made: Sequence[Publication], catalogue: Catalogue, *more: trees.Trees
    ) -> None:
        live = directory.load_live(catalogues.index(folder / "ours", made, catalogue))
        self.snapshot = Snapshot(live)
        self.ours: Whoosh = whoosh_index.open_dir(str(live.segment)).searcher()
        self.stock = _write_with_whoosh(folder / "stock", made, catalogue)
        self.asked = trees.kinds(trees.vocabulary(made, catalogue))
        frequent = ("a stem", "a word as written", "a phrase", "a value")
        often = [self.asked[kind] for kind in frequent]
        self.asked["anything"] = trees.anything([*often * 5, *self.asked.values(), *more])

    def find(self, tree: nodes.Tree) -> list[int]:
        stock_tree = trees.to_whoosh(tree)
        expected = sorted(self.stock.docs_for_query(stock_tree))
        assert sorted(self.ours.docs_for_query(stock_tree)) == expected
        assert find_hits(tree, self.snapshot).documents.tolist() == expected
        return expected


def _write_with_whoosh(folder: Path, made: Sequence[Publication], catalogue: Catalogue) -> Whoosh:
    folder.mkdir()
    index = whoosh_index.create_in(str(folder), schema.derive_schema(catalogue))
    writer = index.writer(limitmb=512)
    for each in made:
        writer.add_document(**make_document(each, catalogue))
    writer.commit()
    return index.searcher()


@pytest.fixture(scope="module", autouse=True)
def _fast_whoosh() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(query.Or, "TOO_MANY_CLAUSES", 16)
        kept = lru_cache(maxsize=64)(Automata.levenshtein_dfa)
        patch.setattr(Automata, "levenshtein_dfa", staticmethod(kept))
        yield


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Both:
    return Both(tmp_path_factory.mktemp("generated"), MADE, catalogues.CATALOGUE, COMMON)


@pytest.fixture(scope="module")
def real(searcher: Searcher, tmp_path_factory: pytest.TempPathFactory) -> Both:
    made = [each for each in searcher.scan(SearchRequest()) if each.lang is None]
    return Both(tmp_path_factory.mktemp("real"), made, searcher.catalogue)


@pytest.mark.slow
@pytest.mark.parametrize("kind", TREES)
def test_every_tree_has_the_hits_of_stock_whoosh(kind: str, real: Both) -> None:
    sizes = []

    @given(tree=real.asked[kind])
    @examples(TREES[kind])
    def finds_the_same(tree: nodes.Tree) -> None:
        sizes.append(len(real.find(tree)))

    finds_the_same()
    # Otherwise the test would prove little. The few examples of a fast run may all be unlucky.
    assert len(sizes) < 20 or sum(size > 0 for size in sizes) > len(sizes) / 4


@pytest.mark.slow
@given(data=st.data())
@examples(300)
def test_generated_publications_have_the_hits_of_stock_whoosh(
    data: st.DataObject, generated: Both
) -> None:
    """The same is true of publications that share few words, in which trees have many hits."""
    generated.find(data.draw(generated.asked["anything"]))


@pytest.mark.parametrize("field", ["title", "summary", "body", "topic.value", "year.value", "id"])
def test_whoosh_reads_the_same_terms(field: str, real: Both) -> None:
    ours, stock = real.ours.reader(), real.stock.reader()
    terms = list(stock.lexicon(field))
    assert list(ours.lexicon(field)) == terms
    for term in terms[::37]:
        assert ours.doc_frequency(field, term) == stock.doc_frequency(field, term)
        assert ours.frequency(field, term) == stock.frequency(field, term)
    if stock.schema[field].scorable:
        assert ours.field_length(field) == stock.field_length(field)
