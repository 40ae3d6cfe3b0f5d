"""The words of the full texts of a generation as one file, for readers of a cluster."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from indexer.codec.segment import array_file
from indexer.codec.segment.array_file import ArrayFileWriter, CorruptSegment
from indexer.codec.segment.fulltext import AttachedTexts
from indexer.codec.segment.fulltext_dictionary import FullTextDictionary
from indexer.codec.segment.string_table import StringTable
from indexer.generations.manifest import IndexOutdated

FULLTEXT_WORDS = "fulltext_words.seg"
"""The name of the file in the folder of a generation. Without full texts, there is none."""
_PREFIX = "0."
"""Before the names of the arrays. Older versions wrote several dictionaries, and their `count`."""


class FullTextFile(NamedTuple):
    """The content of the file: the words of the full texts, and the mean length of a text.

    The length is in words: see `AttachedTexts.mean_length`.
    """

    dictionary: FullTextDictionary
    mean_length: float


def write_words(texts: AttachedTexts, file: Path) -> None:
    """Write the words of full texts to a new file. Raise OSError."""
    with ArrayFileWriter(file) as writer:
        writer.add("mean_length", np.array([texts.mean_length]))
        writer.add("count", np.array([1]))
        texts.write(writer, _PREFIX)
        StringTable.from_texts(texts.languages).write(writer, f"{_PREFIX}languages")


def read_words(file: Path) -> FullTextFile | None:
    """Read the file into memory; None if there is none. Raise IndexOutdated if it is damaged."""
    if not file.exists():
        return None
    try:
        arrays = array_file.decode_arrays(array_file.load_file(file), file.name)
        if int(arrays["count"][0]) != 1:
            raise CorruptSegment("it has the format of an older version")
        languages = StringTable.read(arrays, f"{_PREFIX}languages").to_list()
        dictionary = FullTextDictionary(arrays, languages, _PREFIX)
        return FullTextFile(dictionary, float(arrays["mean_length"][0]))
    except (CorruptSegment, KeyError, ValueError) as error:
        message = f"{file.name} of the generation {file.parent.name} cannot be read: {error}"
        raise IndexOutdated(message, "Run: pubsearch build --force") from error
