"""Write texts as a full-text segment: see `segment.fulltext`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from itertools import islice, pairwise
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import zstandard

from indexer.analysis import tokenizer
from indexer.codec.inverter import MAX_RUNS_IN_MEMORY, RunSpool
from indexer.codec.segment import postings
from indexer.codec.segment.array_file import (
    Array,
    ArrayFileWriter,
    Spool,
    pick_dtype,
    pick_offset_dtype,
)
from indexer.codec.segment.block_file import digest_blocks
from indexer.codec.segment.fulltext import MAX_PART_POSITIONS, TextInfo
from indexer.codec.segment.postings import ForwardIndex, MergedRuns, SortedRun
from indexer.codec.segment.string_table import StringTable, compute_offsets, encode_texts
from indexer.codec.segment.term_dictionary import FIRST_NUMBER, WordTable, decode_stem, number_words
from indexer.codec.segment.word_stream import WordNumbers
from indexer.fulltext.text import FullText

DICTIONARY_BYTES = 1 << 16
"""Size of the compression dictionary of the pages."""
SAMPLED_PAGES = 2000
"""Limit on the pages from which the dictionary is trained."""
LONGEST_PART = MAX_PART_POSITIONS - 1
"""Limit on the positions of a part. A count of occurrences in it fits into two bytes."""
ARRAYS = {"parts": "documents", "counts": "frequencies", "positions": "positions"}
"""The arrays of postings, and their names in `SortedRun`, where a part is a document."""
_LEVEL = 9


class _Parts(NamedTuple):
    """The parts of all texts: the first position of each in the stream, its text, and there."""

    begins: list[int]
    texts: list[int]
    in_text: list[int]


class FullTextWriter:
    """Collects texts, numbered from 0, and writes them as one segment.

    `infos` describes the texts. `language` is that of the catalogue, for texts without one. Words
    and pages are spooled to `folder`. Close the writer after use. Raise OSError if a file can't be
    written.
    """

    def __init__(self, folder: Path, language: str) -> None:
        self._folder, self._language = folder, language
        self._numbers = WordNumbers(language)
        self._stack = ExitStack()
        self._stream = self._make_spool(np.int32)
        self._words, self._pages = self._make_spool(np.uint8), self._make_spool(np.uint8)
        self.infos: list[TextInfo] = []
        self._lengths: list[int] = []
        self._page_counts: list[int] = []
        self._page_starts: list[int] = []
        self._page_bytes: list[int] = []
        self._parts = _Parts([], [], [])
        self._size = 0

    def _make_spool(self, dtype: type) -> Spool:
        spool = Spool(self._folder, dtype)
        self._stack.callback(spool.close)
        return spool

    def __enter__(self) -> FullTextWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def add(self, text: FullText) -> None:
        """Add a text."""
        number, position, words = len(self.infos), 0, 0
        self.infos.append(
            TextInfo(text.digest, text.media_type, text.has_pages, text.language, text.empty_pages)
        )
        language = text.language or self._language
        self._page_counts.append(len(text.pages))
        self._begin_part(number, 0)
        for page in text.pages:
            stream = self._numbers.encode([(language, tokenizer.add_marks(page))])
            self._page_starts.append(position)
            encoded = page.encode("utf-8", "replace")
            self._pages.append(np.frombuffer(encoded, np.uint8))
            self._page_bytes.append(len(encoded))
            words += int(np.count_nonzero(stream >= FIRST_NUMBER))
            position = self._append(number, position, stream)
        self._lengths.append(words)
        self._words.append(encode_texts(self._numbers.take_new_words()))

    def _append(self, text: int, position: int, stream: Array) -> int:
        """Append the words of a page at a position of a text. Return the position after them."""
        length = position - self._parts.in_text[-1]
        if length and length + len(stream) > LONGEST_PART:
            self._begin_part(text, position)
        for first in range(0, len(stream), LONGEST_PART):
            if first:
                self._begin_part(text, position + first)
            piece = stream[first : first + LONGEST_PART]
            self._stream.append(piece)
            self._size += len(piece)
        return position + len(stream)

    def _begin_part(self, text: int, position: int) -> None:
        self._parts.begins.append(self._size)
        self._parts.texts.append(text)
        self._parts.in_text.append(position)

    def write(self, name: str) -> None:
        """Write `NAME.dat` and `NAME.seg` into the folder."""
        data = self._folder / f"{name}.dat"
        texts = StringTable.from_encoded(self._words.to_array()).to_list()
        stream = self._stream.to_array()
        words = number_words(texts, _count(stream, len(texts) + FIRST_NUMBER), 0)
        with ArrayFileWriter(data) as writer:
            postings_of = self._write_postings(writer, stream, words)
            page_bytes, dictionary = self._write_pages(writer)
        with ArrayFileWriter(self._folder / f"{name}.seg") as writer:
            StringTable.from_texts(words.words).write(writer, "words")
            _write_stems(writer, words.words, self._language)
            _add_offsets(writer, "offsets", postings_of.doc_counts)
            _add_offsets(writer, "position_offsets", postings_of.position_counts)
            writer.add("infos", np.frombuffer(msgspec.msgpack.encode(self.infos), np.uint8))
            writer.add("lengths", _narrow(self._lengths))
            _add_offsets(writer, "page_offsets", self._page_counts)
            writer.add("page_starts", _narrow(self._page_starts))
            _add_offsets(writer, "page_bytes", page_bytes)
            writer.add("part_texts", _narrow(self._parts.texts))
            writer.add("part_begins", _narrow(self._parts.in_text))
            writer.add("dictionary", np.frombuffer(dictionary, np.uint8))
            writer.add("blocks", digest_blocks(data))

    def _write_postings(
        self, writer: ArrayFileWriter, provisional: Array, words: WordTable
    ) -> MergedRuns:
        """Write the parts, counts, and positions of all words, sorted run by run."""
        begins = np.array([*self._parts.begins, self._size], np.int64)[:, None]
        size, norms = len(words.words), np.ones((len(begins) - 1, 1), np.float32)
        with ExitStack() as spools, self._renumber(provisional, words.numbers) as stream:
            index = ForwardIndex(stream.to_array(), begins, np.diff(begins, axis=0))
            runs, all_words = [*postings.split_runs(index)], np.arange(size, dtype=np.int32)
            is_long = len(runs) > MAX_RUNS_IN_MEMORY
            collected: list[SortedRun] | RunSpool = (
                RunSpool(self._folder, spools) if is_long else []
            )
            for first, last in runs:
                codes = postings.encode_occurrences(index, first, last)
                collected.append(postings.sort_run(codes, all_words, size, first, norms))
            merged = MergedRuns([*collected])
            for name, source in ARRAYS.items():
                counts = merged.position_counts if name == "positions" else merged.doc_counts
                dtype = pick_dtype(len(begins)) if name == "parts" else np.uint16
                merged.fill(source, writer.allocate(name, dtype, int(counts.sum())))
        return merged

    @contextmanager
    def _renumber(self, provisional: Array, numbers: Array) -> Iterator[Spool]:
        """Yield a spool of the stream with the final numbers of its words."""
        spool = Spool(self._folder, np.int32)
        with closing(spool):
            for first in range(0, len(provisional), postings.MAX_RUN_WORDS):
                spool.append(numbers[provisional[first : first + postings.MAX_RUN_WORDS]])
            yield spool

    def _write_pages(self, writer: ArrayFileWriter) -> tuple[list[int], bytes]:
        """Write the compressed pages. Return the size of each in bytes, and the dictionary."""
        dictionary = _train(self._iterate_pages(), len(self._page_bytes))
        compressor = zstandard.ZstdCompressor(
            level=_LEVEL, dict_data=zstandard.ZstdCompressionDict(dictionary)
        )
        spool, sizes = self._make_spool(np.uint8), []
        for page in self._iterate_pages():
            packed = compressor.compress(page) if page else b""
            spool.append(np.frombuffer(packed, np.uint8))
            sizes.append(len(packed))
        writer.add("pages", spool.to_array())
        return sizes, dictionary

    def _iterate_pages(self) -> Iterator[bytes]:
        """Yield the text of each page in UTF-8."""
        data = self._pages.to_array().data
        offsets = compute_offsets(self._page_bytes).tolist()
        for begin, end in pairwise(offsets):
            yield bytes(data[begin:end])


def _count(stream: Array, size: int) -> Array:
    """Return how often each provisional number occurs (int64)."""
    counts = np.zeros(size, np.int64)
    for first in range(0, len(stream), postings.MAX_RUN_WORDS):
        counts += np.bincount(stream[first : first + postings.MAX_RUN_WORDS], minlength=size)
    return counts


def _write_stems(writer: ArrayFileWriter, words: Sequence[str], language: str) -> None:
    """Write the sorted stems, and the ascending numbers of the words of each."""
    stems_of_words = [decode_stem(word, language) for word in words]
    stems = sorted({*stems_of_words})
    number_of = {stem: number for number, stem in enumerate(stems)}
    numbers = np.array([number_of[stem] for stem in stems_of_words], np.int32)
    StringTable.from_texts(stems).write(writer, "stems")
    writer.add("stem_words", np.argsort(numbers, kind="stable").astype(np.int32))
    _add_offsets(writer, "stem_offsets", np.bincount(numbers, minlength=len(stems)))


def _add_offsets(writer: ArrayFileWriter, name: str, counts: Array | Sequence[int]) -> None:
    """Write the running totals of counts."""
    offsets = compute_offsets(counts)
    writer.add(name, offsets.astype(pick_offset_dtype(int(offsets[-1]))))


def _narrow(numbers: Sequence[int]) -> Array:
    return np.array(numbers, pick_dtype(max(numbers, default=0)))


def _train(pages: Iterable[bytes], count: int) -> bytes:
    """Return a compression dictionary for pages, of which every n-th is a sample."""
    step = -(-count // SAMPLED_PAGES) or 1
    samples: list[Any] = [page for page in islice(pages, 0, None, step) if page]
    try:
        return zstandard.train_dictionary(DICTIONARY_BYTES, samples).as_bytes()
    except zstandard.ZstdError:  # too few samples
        return b"".join(samples)[:DICTIONARY_BYTES]
