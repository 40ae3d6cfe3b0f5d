"""The arrays of a vocabulary, taken from a segment."""

from __future__ import annotations

import numpy as np

from indexer.codec.segment.array_file import Array
from indexer.codec.segment.reader import Segment
from indexer.codec.segment.term_dictionary import Dictionary
from indexer.codec.segment.vocabulary import VocabularyArrays


def take_vocabulary(segment: Segment) -> VocabularyArrays:
    """Return the arrays of the vocabulary of a segment."""
    return VocabularyArrays(
        size=segment.size,
        words=Dictionary(segment.words.texts, segment.words.offsets),
        stems=Dictionary(segment.stems.texts, segment.stems.offsets),
        stem_of=segment.stem_of,
        occurrence_offsets=segment.position_offsets,
        default_language_frequencies=_count_in_default_language(segment),
        languages=segment.languages.values[:-1],
        values={name: column.values for name, column in segment.facets.items()},
        identifiers={
            field.name: segment.columns[field.name].table for field in segment.catalogue.identifiers
        },
    )


def _count_in_default_language(segment: Segment) -> Array:
    """Return the number of documents in the catalogue's language that contain each stem."""
    default_language = segment.catalogue.language.partition("-")[0]
    is_default = np.array(
        [value.partition("-")[0] == default_language for value in segment.languages.values]
    ).take(segment.languages.first_ordinals)
    stems = segment.stems
    # Postings may be mapped from a large file. They are not read if the answer is known.
    if is_default.all():
        return np.diff(stems.offsets)
    return stems.count_documents(0, len(stems), is_default).astype(np.int32)
