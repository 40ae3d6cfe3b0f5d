"""The file with the vocabulary of a segment."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.analysis.tokenizer import SURFACE_PREFIX
from indexer.catalogue.records import Publication
from indexer.cluster.vocabulary_file import VOCABULARY, read_vocabulary, write_vocabulary
from indexer.codec.segment.reader import Segment, take_vocabulary
from indexer.codec.segment.term_dictionary import VocabularyArrays
from indexer.generations.manifest import IndexOutdated
from search_app.engine.query.vocabulary import Vocabulary
from search_app.engine.snapshot.label_index import LabelPrefixIndex
from tests.indexer.codec.segments import CATALOGUE, WORDS, fresh, publications, written

TEXTS = st.sampled_from(WORDS) | st.text(max_size=4)


def segment_of(made: Sequence[Publication], folder: Path) -> Segment:
    return written(folder / "segment", fresh(made))


def look_up(arrays: VocabularyArrays, texts: Sequence[str]) -> list[object]:
    vocabulary = Vocabulary(arrays, CATALOGUE)
    surfaces = [SURFACE_PREFIX + text for text in (*texts, *vocabulary.words.surfaces)]
    stems = [*texts, *vocabulary.stems.surfaces]
    terms = [*stems, *surfaces]
    fields = [field.name for field in CATALOGUE.fields]
    values = [(name, value) for name in arrays.values for value in (*texts, *arrays.values[name])]
    return [
        vocabulary.size, vocabulary.languages, vocabulary.searchable,
        vocabulary.words.texts.to_list(), vocabulary.stems.texts.to_list(),
        [vocabulary.words.doc_frequency(number) for number in range(len(vocabulary.words))],
        vocabulary.count_surfaces(),
        [vocabulary.find_stem(term) for term in terms],
        [vocabulary.find_numbers(term) for term in terms],
        [vocabulary.count_occurrences(term) for term in terms],
        [vocabulary.has_term(term) for term in terms],
        [vocabulary.get_frequency(stem) for stem in stems],
        [vocabulary.default_language_frequency(stem) for stem in stems],
        [vocabulary.find_words_with(stem) for stem in stems],
        [vocabulary.list_stems(text) for text in texts],
        [vocabulary.drops_stop_word(text, shouted=False) for text in texts],
        [list(vocabulary.list_values(field)) for field in fields],
        [vocabulary.has_value(*value) for value in values],
    ]  # fmt: skip


@given(publications(), st.lists(TEXTS, max_size=6))
def test_a_vocabulary_from_its_file_is_that_of_the_segment(
    made: list[Publication], texts: list[str]
) -> None:
    with TemporaryDirectory() as name:
        segment = segment_of(made, Path(name))
        write_vocabulary(segment, None, Path(name) / VOCABULARY)
        found = read_vocabulary(Path(name) / VOCABULARY)
        assert look_up(found.arrays, texts) == look_up(take_vocabulary(segment), texts)
        assert found.mean_lengths.tolist() == segment.mean_lengths.tolist()


@given(publications())
def test_labels_are_suggested_from_the_counts_of_the_file(made: list[Publication]) -> None:
    with TemporaryDirectory() as name:
        segment = segment_of(made, Path(name))
        write_vocabulary(segment, None, Path(name) / VOCABULARY)
        found = read_vocabulary(Path(name) / VOCABULARY)
    labels = LabelPrefixIndex(found.arrays.values, found.value_counts, CATALOGUE)
    counts: dict[tuple[str, str], int] = {}
    for field, column in segment.facets.items():
        for value in column.values[:-1]:
            total = sum(column.has_value(number, value) for number in range(segment.size))
            counts[field, value] = total
    assert dict(zip(labels.values, labels.counts, strict=True)) == counts


def test_a_damaged_file_is_reported(tmp_path: Path) -> None:
    file = tmp_path / VOCABULARY
    write_vocabulary(segment_of([], tmp_path), None, file)
    whole = file.read_bytes()
    for damaged in (b"", whole[:-1], whole.replace(b'"stem_of"', b'"stem_xx"')):
        file.write_bytes(damaged)
        with pytest.raises(IndexOutdated, match=f"{VOCABULARY} of the generation {tmp_path.name}"):
            read_vocabulary(file)


def test_changes_of_the_file_do_not_reach_a_reader(tmp_path: Path) -> None:
    """The file is read into memory, so that a later change has no effect."""
    file = tmp_path / VOCABULARY
    write_vocabulary(segment_of([], tmp_path), None, file)
    found = read_vocabulary(file)
    file.write_bytes(b"")
    assert np.array_equal(found.arrays.stems.offsets, [0])
