"""The words of a stored publication are those that the forward index has of it."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given

from indexer.catalogue.fields import MISSING
from indexer.catalogue.records import Publication, SourceLocation, Value
from indexer.generations import directory
from search_app.engine import Engine
from search_app.engine.document_words import DocumentWords, WordNumbering, split_words
from search_app.engine.snapshot.snapshot import Snapshot
from tests.indexer.codec import segments
from tests.search_app.engine.arrays.below import snapshot_of
from tests.search_app.engine.catalogues import index


def assert_same(split: DocumentWords, read: DocumentWords, numbering: WordNumbering) -> None:
    """Assert that two objects have the same words, positions, fields, stems, and weights."""
    assert (split.words, split.stems, split.begins) == (read.words, read.stems, read.begins)
    assert (split.norms, split.fields) == (read.norms, read.fields)
    assert split.word_positions == read.word_positions
    assert split.stem_positions == read.stem_positions
    for one, other in zip(split.weigh_stems(), read.weigh_stems(), strict=True):
        assert one.tolist() == other.tolist()
    for field in read.fields:
        for position in read.list_positions(field):
            assert split.get_field(position) == read.get_field(position) == field
            assert split.get_surface(position) == read.get_surface(position)
    assert len(split.words) == split.begins[-1]
    assert max(split.words, default=-1) < len(numbering.texts)


def assert_words_of_all(snapshot: Snapshot) -> None:
    """Assert that each publication has its words, with and without one field, and its values."""
    numbering = snapshot.numbering
    for number in range(snapshot.size):
        publication = snapshot.get_publication(number)
        for without in (None, *snapshot.segment.fields):
            assert_same(
                split_words(publication, numbering).drop(without),
                snapshot.get_words(number).drop(without),
                numbering,
            )
        split, read = split_words(publication, numbering), snapshot.get_words(number)
        for row, column in snapshot.columns.items():
            own = set(map(str, publication.values.get(row, ()))) or {MISSING}
            for value in (*own, *column.values[:5], MISSING, "no such value"):
                assert split.has_value(row, value) == read.has_value(row, value) == (value in own)


def publication(
    identity: str, title: str, summary: str, **values: tuple[Value, ...]
) -> Publication:
    """Return a publication in French or in English."""
    return Publication(
        id=identity, title=title, summary=summary, source=SourceLocation("made", 1),
        lang="fr" if identity == "fr" else None, values=values,
    )  # fmt: skip


SCRIPTS = [
    publication(
        "en", "Counter-trafficking: the IT of C++", "law’s\n\nthe organs\n\n人口貿易a 한국",
        topic=("a, b", "No", "قَانُون"), note=("_organ_",),
    ),
    publication("fr", "Les lois de l’été", "La loi\n\nÉtude \x1e des organes", year=(1999,)),
]  # fmt: skip
"""A hyphen, an apostrophe, stop words, a mark, several texts in a field, and five scripts."""


@given(made=segments.publications())
@example(made=SCRIPTS)
def test_a_generated_publication_gives_the_words_of_the_forward_index(
    made: list[Publication],
) -> None:
    """The words of any publication, in any script and language, are those of the forward index."""
    with tempfile.TemporaryDirectory() as folder:
        generation = directory.load_live(index(Path(folder), made, segments.CATALOGUE))
        assert_words_of_all(Snapshot(generation))


def test_a_publication_of_the_catalogue_gives_the_words_of_the_forward_index(
    catalogue_engine: Engine,
) -> None:
    """The words of each publication of the catalogue are those of the forward index."""
    assert_words_of_all(snapshot_of(catalogue_engine.get_searcher()))


def test_the_words_of_a_field_can_be_left_out(catalogue_engine: Engine) -> None:
    """Only the words of the dropped field are missing. All others keep their positions."""
    snapshot = snapshot_of(catalogue_engine.get_searcher())
    every, rest = snapshot.get_words(0), snapshot.get_words(0).drop("title")
    assert every.list_positions("title")
    assert not rest.list_positions("title")
    others = [field for field in every.fields if field != "title"]
    assert all(every.list_positions(field) == rest.list_positions(field) for field in others)
    kept = np.array(rest.words) >= 0
    assert (np.array(rest.words)[kept] == np.array(every.words)[kept]).all()


def test_a_publication_of_another_index_is_an_error(catalogue_engine: Engine) -> None:
    """A word that the numbering does not have raises KeyError."""
    snapshot = snapshot_of(catalogue_engine.get_searcher())
    with pytest.raises(KeyError, match="zyzzyva"):
        split_words(publication("new", "Zyzzyva", ""), snapshot.numbering)
