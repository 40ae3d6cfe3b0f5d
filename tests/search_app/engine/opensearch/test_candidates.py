"""Candidates have the scores of a local index. Their rows come from documents as they are sent."""

from __future__ import annotations

from typing import NamedTuple

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.cluster.documents import list_documents
from indexer.cluster.vocabulary_file import read_vocabulary, write_vocabulary
from indexer.codec.segment.reader import Segment
from indexer.generations import directory
from search_app.engine.arrays.scoring import find_hits, make_fetch, rank
from search_app.engine.matching import split_words
from search_app.engine.opensearch.candidates import Candidate, CandidateScorer, RowDecoder
from search_app.engine.opensearch.queries import list_names
from search_app.engine.query.nodes import Filter
from search_app.engine.query.vocabulary import Vocabulary
from search_app.engine.snapshot.snapshot import Snapshot
from tests.search_app.engine import catalogues, trees
from tests.search_app.engine.trees import Trees
from tests.tiers import examples


class Loaded(NamedTuple):
    """A local index, and its publications as hits that name no query yet."""

    snapshot: Snapshot
    hits: list[Candidate]
    decoder: RowDecoder
    trees: Trees


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    """Return a generated corpus, in which some titles have other editions."""
    folder = tmp_path_factory.mktemp("index")
    live = directory.load_live(catalogues.index(folder, catalogues.throw(7, 60)))
    catalogue = live.manifest.catalogue
    segment = Segment(live.segment, catalogue)
    write_vocabulary(segment, None, folder / "vocabulary")
    file = read_vocabulary(folder / "vocabulary")
    snapshot = Snapshot(live)
    documents = [
        msgspec.json.decode(each.source)
        for each in list_documents(segment, None, live.read_dates())
    ]
    # A node gives binary values in the alphabet of URLs, without padding.
    alphabet = str.maketrans({"+": "-", "/": "_", "=": ""})
    hits = [
        Candidate(each["id"], 0, each["group"], frozenset(), each["row"].translate(alphabet))
        for each in documents
    ]
    publications = [*map(snapshot.get_publication, range(segment.size))]
    kinds = trees.kinds(trees.vocabulary(publications, catalogue))
    decoder = RowDecoder(file, Vocabulary(file.arrays, catalogue))
    return Loaded(snapshot, hits, decoder, trees.anything(kinds.values()))


def test_a_row_has_the_words_of_the_publication(loaded: Loaded) -> None:
    """Words, stems, lengths, and weights are those of the tokenized publication."""
    snapshot = loaded.snapshot
    publications = [*map(snapshot.get_publication, range(len(loaded.hits)))]
    found = loaded.decoder.decode(loaded.hits)
    wanted = split_words(publications, snapshot.vocabulary, loaded.decoder.mean_lengths)
    for name in ("words", "stems", "lengths", "norms"):
        np.testing.assert_array_equal(getattr(found, name), getattr(wanted, name))


@given(data=st.data())
@examples(40)
def test_any_tree_scores_as_in_a_local_index(loaded: Loaded, data: st.DataObject) -> None:
    """Publications that match have the sort keys of a local index; filters match by name."""
    snapshot, tree = loaded.snapshot, data.draw(loaded.trees)
    names, fetch = list_names(tree), make_fetch(snapshot)
    filters = {
        name: set(find_hits(node, snapshot).documents.tolist())
        for node, name in names.items()
        if isinstance(node, Filter)  # without full texts, only these match by name
    }
    hits = [
        hit._replace(names=frozenset(name for name, found in filters.items() if number in found))
        for number, hit in enumerate(loaded.hits)
    ]
    scorer = CandidateScorer(
        hits, loaded.decoder.decode(hits), names,
        lambda clause: fetch(clause).idf, lambda _: 0.0,
    )  # fmt: skip
    wanted = rank(tree, snapshot, fetch)
    keys = scorer.compute_keys(tree)[wanted.documents]
    np.testing.assert_allclose(keys, wanted.sort_keys, rtol=1e-4, atol=1e-5)
    scores = scorer.to_scores(keys, tree)
    np.testing.assert_allclose(scores, wanted.to_scores(wanted.sort_keys), rtol=1e-4, atol=1e-5)
