"""The words of the full texts of a generation as one file, for readers of a cluster."""

from __future__ import annotations

from collections.abc import Sequence
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


class FullTextFile(NamedTuple):
    """The content of the file: the words of each full-text segment, and the mean length of a text.

    The length is in words: see `AttachedTexts.mean_length`.
    """

    dictionaries: Sequence[FullTextDictionary]
    mean_length: float


def take_words(texts: AttachedTexts) -> FullTextFile:
    """Return the words of full texts."""
    return FullTextFile([texts], texts.mean_length)


def write_words(content: FullTextFile, file: Path) -> None:
    """Write words to a new file. Raise OSError."""
    with ArrayFileWriter(file) as writer:
        writer.add("mean_length", np.array([content.mean_length]))
        writer.add("count", np.array([len(content.dictionaries)]))
        for number, dictionary in enumerate(content.dictionaries):
            dictionary.write(writer, f"{number}.")
            StringTable.from_texts(dictionary.languages).write(writer, f"{number}.languages")


def read_words(file: Path) -> FullTextFile | None:
    """Read the file into memory; None if there is none. Raise IndexOutdated if it is damaged."""
    if not file.exists():
        return None
    try:
        arrays = array_file.decode_arrays(array_file.load_file(file), file.name)
        dictionaries = [
            FullTextDictionary(
                arrays, StringTable.read(arrays, f"{number}.languages").to_list(), f"{number}."
            )
            for number in range(int(arrays["count"][0]))
        ]
        return FullTextFile(dictionaries, float(arrays["mean_length"][0]))
    except (CorruptSegment, KeyError, ValueError) as error:
        message = f"{file.name} of the generation {file.parent.name} cannot be read: {error}"
        raise IndexOutdated(message, "Run: pubsearch build --force") from error
