"""The words of a stored publication are those that the forward index has of it."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given

from indexer.catalogue.fields import MISSING
from indexer.catalogue.records import Publication, SourceLocation, Value
from indexer.generations import directory
from search_app.engine import Searcher
from search_app.engine.matching import Words, split_words
from search_app.engine.query import nodes
from search_app.engine.snapshot.snapshot import Snapshot
from tests.indexer.codec import segments
from tests.search_app.engine.arrays.below import snapshot_of
from tests.search_app.engine.catalogues import index


def assert_same(split: Words, read: Words) -> None:
    for name in ("words", "stems", "lengths", "norms", "begins", "cells", "ordinals"):
        assert getattr(split, name).tolist() == getattr(read, name).tolist(), name
    for one, other in zip(split.weigh_stems(), read.weigh_stems(), strict=True):
        assert one.tolist() == other.tolist()


def assert_words_of_all(snapshot: Snapshot) -> None:
    numbers = np.arange(snapshot.size)
    publications = [*map(snapshot.get_publication, numbers.tolist())]
    split = split_words(publications, snapshot.vocabulary, snapshot.segment.mean_lengths)
    read = snapshot.gather(numbers)
    for without in (None, *snapshot.segment.fields):
        assert_same(split.drop(without), read.drop(without))
    for rows in (numbers[::-3], slice(1, 3)):
        assert_same(split.take(rows), snapshot.gather(numbers[rows]))
    assert read.words.max(initial=-1) < len(snapshot.vocabulary.words)
    for field, column in snapshot.columns.items():
        make_key = snapshot.catalogue.by_name[field].make_key
        own = [[*map(make_key, each.values.get(field, ()))] or [MISSING] for each in publications]
        known = {value for values in own[:20] for value in values}
        for value in {*known, *column.values[:5], MISSING, "no such value"}:
            for first in (False, True):
                part = nodes.Values(field, (value, "another one"), first=first)
                held = [value in (values[:1] if first else values) for values in own]
                assert split.have_values(part).tolist() == held
                assert read.have_values(part).tolist() == held


def publication(
    identity: str, title: str, summary: str, **values: tuple[Value, ...]
) -> Publication:
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
    with tempfile.TemporaryDirectory() as folder:
        generation = directory.load_live(index(Path(folder), made, segments.CATALOGUE))
        assert_words_of_all(Snapshot(generation))


def test_a_publication_of_the_catalogue_gives_the_words_of_the_forward_index(
    searcher: Searcher,
) -> None:
    assert_words_of_all(snapshot_of(searcher))


def test_the_words_of_a_field_can_be_left_out(searcher: Searcher) -> None:
    every = snapshot_of(searcher).gather(np.arange(3))
    rest, title = every.drop("title"), every.fields.index("title")
    kept = every.cells % len(every.fields) != title
    assert (rest.words[kept] == every.words[kept]).all()
    assert rest.words[~kept].max() < 0 <= every.words[~kept].max()


def test_a_publication_of_another_index_is_an_error(searcher: Searcher) -> None:
    snapshot = snapshot_of(searcher)
    made = [publication("new", "Zyzzyva", "")]
    with pytest.raises(KeyError, match="zyzzyva"):
        split_words(made, snapshot.vocabulary, snapshot.segment.mean_lengths)
