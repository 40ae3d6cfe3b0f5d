"""The engine has the same hits as stock Whoosh on real papers, for every kind of tree.

Stock Whoosh searches two indexes. One is this index, through its codec. The other is written by
Whoosh itself from the same papers, so that no fault of the codec stays hidden.
"""

from __future__ import annotations

import lzma
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from whoosh import index as whoosh_index
from whoosh import query
from whoosh.codec.base import Automata
from whoosh.searching import Searcher

from benchmarks.whoosh_documents import make_document
from indexer.catalogue import catalogue_toml, schema
from indexer.catalogue.fields import Catalogue
from indexer.catalogue.records import Publication
from indexer.generations import directory
from indexer.ingest import corpus
from indexer.jobs import build
from search_app.engine.arrays.evaluation import match_mask, score
from search_app.engine.snapshot.snapshot import Snapshot
from tests.conftest import ROOT
from tests.search_app.engine import trees

pytestmark = pytest.mark.slow

EVERY = 50
FURTHER_ROWS = {"venue": "weight = 0.3", "authors": "weight = 0.5\nfacet = 7"}
"""Further searchable fields: a short one, and one with several values."""

TREES = {
    "a stem": 300, "a word as written": 200, "a phrase": 400, "a beginning": 100,
    "a pattern": 100, "a likeness": 80,
    "several at once": 50, "a value": 200, "a range": 60, "everything": 1, "anything": 420,
}  # fmt: skip
"""The number of trees by kind. `anything` joins and negates trees of all kinds."""


class Papers:
    """The papers, their index in the engine, and stock Whoosh on that index and on its own."""

    def __init__(
        self, made: list[Publication], snapshot: Snapshot, ours: Searcher, stock: Searcher
    ) -> None:
        self.made, self.snapshot, self.ours, self.stock = made, snapshot, ours, stock
        self.asked = trees.kinds(trees.vocabulary(made, snapshot.catalogue))
        words = [
            self.asked[kind] for kind in ("a stem", "a word as written", "a phrase", "a value")
        ]
        self.asked["anything"] = trees.anything([*words * 5, *self.asked.values()])


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Papers]:
    """Yield about 2,000 real papers, indexed both ways."""
    folder: Path = tmp_path_factory.mktemp("papers")
    index: Path = tmp_path_factory.mktemp("index")
    stock: Path = tmp_path_factory.mktemp("stock")
    _sample(folder)
    build.build(folder, index)
    catalogue = catalogue_toml.load(folder)
    made = list(corpus.read(folder, catalogue, _no_problem))
    _written_by_whoosh(stock, made, catalogue)
    snapshot = Snapshot(directory.load_live(index))
    with pytest.MonkeyPatch.context() as patch:
        # These patches make stock Whoosh faster and do not change its hits.
        patch.setattr(query.Or, "TOO_MANY_CLAUSES", 16)
        kept = lru_cache(maxsize=64)(Automata.levenshtein_dfa)
        patch.setattr(Automata, "levenshtein_dfa", staticmethod(kept))
        with (
            whoosh_index.open_dir(str(snapshot.generation.segment)).searcher() as ours,
            whoosh_index.open_dir(str(stock)).searcher() as theirs,
        ):
            yield Papers(made, snapshot, ours, theirs)


def _no_problem(problem: object) -> None:
    raise AssertionError(problem)


def _sample(folder: Path) -> None:
    """Write a corpus of every `EVERY`th paper."""
    file = ROOT.parent / "shared" / "data" / "papers-100k.jsonl.xz"
    if not file.is_file():
        pytest.skip(f"the shared data are not there: {file}")
    rows = (ROOT / "benchmarks" / "papers" / "catalogue.toml").read_text(encoding="utf-8")
    for name, more in FURTHER_ROWS.items():
        assert f'name = "{name}"\n' in rows
        rows = rows.replace(f'name = "{name}"\n', f'name = "{name}"\n{more}\n')
    (folder / catalogue_toml.CATALOGUE_FILE).write_text(rows, encoding="utf-8")
    with lzma.open(file) as packed, (folder / "papers.jsonl").open("wb") as sample:
        sample.writelines(islice(packed, 0, None, EVERY))


def _written_by_whoosh(folder: Path, made: list[Publication], catalogue: Catalogue) -> None:
    """Write an index of one segment with Whoosh's own codec."""
    writer = whoosh_index.create_in(str(folder), schema.derive_schema(catalogue)).writer(
        limitmb=512
    )
    for each in made:
        writer.add_document(**make_document(each, catalogue))
    writer.commit()


@pytest.mark.parametrize("kind", TREES)
def test_every_tree_has_the_hits_of_stock_whoosh(kind: str, papers: Papers) -> None:
    """The mask and the scored list of the engine equal the hits of stock Whoosh on both indexes."""
    sizes = []

    @given(tree=papers.asked[kind])
    @settings(max_examples=TREES[kind])
    def finds_the_same(tree: query.Query) -> None:
        stock_tree = trees.to_whoosh(tree)
        expected = sorted(papers.stock.docs_for_query(stock_tree))
        sizes.append(len(expected))
        assert sorted(papers.ours.docs_for_query(stock_tree)) == expected
        assert np.flatnonzero(match_mask(tree, papers.snapshot)).tolist() == expected
        assert score(tree, papers.snapshot).documents.tolist() == expected

    finds_the_same()
    assert sum(size > 0 for size in sizes) > len(sizes) / 4  # otherwise the test would prove little


@pytest.mark.parametrize("field", ["title", "summary", "venue", "authors", "authors.value", "id"])
def test_whoosh_reads_the_same_terms(field: str, papers: Papers) -> None:
    """Stock Whoosh reads the same terms from both indexes, with the same frequencies."""
    ours, stock = papers.ours.reader(), papers.stock.reader()
    terms = list(stock.lexicon(field))
    assert list(ours.lexicon(field)) == terms
    for term in terms[::37]:
        assert ours.doc_frequency(field, term) == stock.doc_frequency(field, term)
        assert ours.frequency(field, term) == stock.frequency(field, term)
    if stock.schema[field].scorable:
        assert ours.field_length(field) == stock.field_length(field)
