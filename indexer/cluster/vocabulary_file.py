"""The file that a reader of a cluster needs in its memory: the words of a generation."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from indexer.codec.segment import array_file
from indexer.codec.segment.array_file import Array, ArrayFileWriter, CorruptSegment, StringTable
from indexer.codec.segment.fulltext import AttachedTexts
from indexer.codec.segment.reader import Segment, take_vocabulary
from indexer.codec.segment.term_dictionary import FullTextDictionary, VocabularyArrays
from indexer.generations.manifest import IndexOutdated

VOCABULARY = "vocabulary.seg"
"""The name of the file in the folder of a generation."""
_TEXTS = "texts."


class VocabularyFile(NamedTuple):
    """The vocabulary of a segment.

    `mean_lengths` gives the mean length of each searchable field (float64): see
    `postings.compute_means`. By field, `value_counts` gives the number of documents with each of
    `arrays.values` (int32). `texts` contains the words of the full texts, if there are any.
    """

    arrays: VocabularyArrays
    mean_lengths: Array
    value_counts: Mapping[str, Array]
    texts: FullTextDictionary | None


def write_vocabulary(segment: Segment, texts: AttachedTexts | None, file: Path) -> None:
    """Write the vocabulary of a segment and its full texts to a new file. Raise OSError."""
    with ArrayFileWriter(file) as writer:
        take_vocabulary(segment).write(writer)
        writer.add("mean_lengths", segment.mean_lengths)
        for name, column in segment.facets.items():
            counts = np.bincount(column.ordinals, minlength=len(column.values))
            writer.add(f"counts.{name}", counts.astype(np.int32))
        if texts:
            texts.write(writer, _TEXTS)
            StringTable.from_texts(texts.languages).write(writer, f"{_TEXTS}languages")


def read_vocabulary(file: Path) -> VocabularyFile:
    """Read the file into memory. Raise IndexOutdated if it is damaged, and OSError."""
    try:
        stored = array_file.decode_arrays(array_file.load_file(file), file.name)
        arrays = VocabularyArrays.read(stored)
        counts = {name: stored[f"counts.{name}"] for name in arrays.values}
        texts = None
        if f"{_TEXTS}stem_of" in stored:
            languages = StringTable.read(stored, f"{_TEXTS}languages").to_list()
            texts = FullTextDictionary(stored, languages, _TEXTS)
        return VocabularyFile(arrays, stored["mean_lengths"], counts, texts)
    except (CorruptSegment, KeyError, ValueError) as error:
        message = f"{file.name} of the generation {file.parent.name} cannot be read: {error}"
        raise IndexOutdated(message, "Run: pubsearch build --force") from error
