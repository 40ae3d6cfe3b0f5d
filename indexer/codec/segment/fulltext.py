"""A full-text segment: the words and pages of some texts, with the digest of each block.

It consists of two files. `NAME.seg` has the dictionary and the table of texts, and is read like the
other files of an index. `NAME.dat` has the postings and the pages. It is not kept in memory.

The positions of a text are numbered in parts of at most MAX_PART_POSITIONS, so that each takes two
bytes. A part ends with a page, unless a page is longer. A posting is a word in a part.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from threading import local
from typing import NamedTuple

import msgspec
import numpy as np
import zstandard

from indexer.codec.segment.array_file import Array
from indexer.codec.segment.block_file import BlockFile
from indexer.codec.segment.fulltext_dictionary import FullTextDictionary
from indexer.codec.segment.string_table import compute_offsets
from indexer.codec.segment.term_dictionary import Dictionary
from indexer.fulltext.text import FullText

PART_BITS = 16
MAX_PART_POSITIONS = 1 << PART_BITS
POSTINGS_AT_A_TIME = 1 << 22
"""Number of postings that are read at a time to count them. It bounds memory."""
TABLE_SUFFIX, DATA_SUFFIX = ".seg", ".dat"
"""The suffixes of the two files of a segment."""


class TextInfo(msgspec.Struct, frozen=True, array_like=True):
    """The description of a text: see `indexer.fulltext.text.FullText`."""

    digest: str
    media_type: str
    has_pages: bool
    language: str | None
    empty_pages: int


class PartPostings(NamedTuple):
    """The occurrences of some words: each has a part and a count, one word after the other.

    `firsts` has the index of the first position of each in the array of positions (int64).
    """

    parts: Array
    counts: Array
    firsts: Array


class FullTextSegment(FullTextDictionary):
    """The texts of one full-text segment, numbered from 0. Threads may share it.

    `arrays` has those of `NAME.seg`, and `data` is `NAME.dat`. `lengths` has the number of words of
    each text. The pages of text `t` are those from `page_offsets[t]` up to `page_offsets[t + 1]`,
    and `page_starts` has the first position of each page in its text. `part_texts` has the text of
    each part, ascending, and `part_begins` its first position in the text.

    `used` has the texts that belong to publications, or None for all, and `used_offsets` the result
    of `count_used` if there are others. `languages` and the frequencies of `words` are theirs.

    Methods that read `NAME.dat` raise CorruptSegment or OSError.
    """

    def __init__(
        self,
        arrays: Mapping[str, Array],
        data: Path,
        used: Array | None = None,
        used_offsets: Array | None = None,
    ) -> None:
        self._data = BlockFile(data, arrays["blocks"])
        self.infos = msgspec.msgpack.decode(arrays["infos"].data, type=list[TextInfo])
        numbers = range(len(self.infos)) if used is None else used.tolist()
        languages = (self.infos[number].language for number in numbers)
        super().__init__(arrays, filter(None, languages))
        self._offsets: Array = arrays["offsets"]
        if used_offsets is not None:
            self.words = Dictionary(self.words.texts, used_offsets)
        self.lengths: Array = arrays["lengths"]
        self.page_offsets: Array = arrays["page_offsets"]
        self.page_starts: Array = arrays["page_starts"]
        self._page_bytes: Array = arrays["page_bytes"]
        self.part_texts: Array = arrays["part_texts"]
        self.part_begins: Array = arrays["part_begins"]
        self._dictionary = arrays["dictionary"].tobytes()
        self._thread_local = local()

    def __len__(self) -> int:
        return len(self.infos)

    def count_used(self, is_used: Array) -> Array:
        """Return the offsets of postings as if the segment had only the texts of a mask."""
        is_used_part, offsets = is_used.take(self.part_texts), self._offsets.astype(np.int64)
        counts = np.zeros(len(offsets), np.int64)
        for first in range(0, int(offsets[-1]), POSTINGS_AT_A_TIME):
            last = min(first + POSTINGS_AT_A_TIME, int(offsets[-1]))
            parts = self._data.read("parts", first, last)
            running = compute_offsets(is_used_part.take(parts).astype(np.int64))
            counts += running.take(np.clip(offsets - first, 0, last - first))
        return counts.astype(self._offsets.dtype)

    def read_postings(self, words: Array) -> PartPostings:
        """Return the postings of some words."""
        offsets = self._offsets
        firsts = offsets[words].astype(np.int64)
        sizes = offsets[words + 1] - firsts
        parts = self._data.read_ranges("parts", firsts, sizes)
        counts = self._data.read_ranges("counts", firsts, sizes).astype(np.int64)
        ends = compute_offsets(counts)
        # The positions of a word follow each other; the ones of the next word may be elsewhere.
        starts = self._position_offsets[words].astype(np.int64)
        jumps = np.repeat(starts - ends[compute_offsets(sizes)[:-1]], sizes)
        return PartPostings(parts, counts, ends[:-1] + jumps)

    def read_keys(self, postings: PartPostings, is_wanted: Array | None = None) -> Array:
        """Return the positions of postings: part * MAX_PART_POSITIONS + offset (int64), ascending.

        `is_wanted` selects postings; None means all.
        """
        parts, counts, firsts = postings
        if is_wanted is not None:
            wanted = is_wanted.nonzero()[0]  # most often few
            parts, counts, firsts = parts.take(wanted), counts.take(wanted), firsts.take(wanted)
        keys = np.repeat(parts.astype(np.int64) * MAX_PART_POSITIONS, counts)
        keys += self._data.read_ranges("positions", firsts, counts)
        keys.sort(kind="stable")  # it merges the ascending runs of the words
        return keys

    @staticmethod
    def get_parts(keys: Array) -> Array:
        """Return the part of each position."""
        parts: Array = keys >> PART_BITS
        return parts

    def mark_parts(self, parts: Array) -> Array:
        """Return a mask of all parts: True for those in an array."""
        mask = np.zeros(len(self.part_texts), np.bool_)
        mask[parts] = True
        return mask

    def count_in_texts(self, parts: Array, counts: Array) -> Array:
        """Return the number of occurrences in each text (int64)."""
        texts = self.part_texts.take(parts)
        return np.bincount(texts, counts, len(self)).astype(np.int64)

    def find_pages(self, text: int, keys: Array) -> Array:
        """Return the page of each position in a text, counted from 0 (int64)."""
        parts, offsets = np.divmod(keys, MAX_PART_POSITIONS)
        positions = self.part_begins.take(parts) + offsets
        first, last = self.page_offsets[text : text + 2].tolist()
        return np.searchsorted(self.page_starts[first:last], positions, side="right") - 1

    def count_pages(self, text: int) -> int:
        """Return the number of pages of a text."""
        return int(self.page_offsets[text + 1] - self.page_offsets[text])

    def read_text(self, text: int) -> FullText:
        """Return a text, with its pages."""
        info = self.infos[text]
        pages = tuple(self.read_page(text, page) for page in range(self.count_pages(text)))
        return FullText(
            digest=info.digest, media_type=info.media_type, pages=pages,
            has_pages=info.has_pages, language=info.language,
        )  # fmt: skip

    def read_page(self, text: int, page: int) -> str:
        """Return the text of a page, counted from 0."""
        number = int(self.page_offsets[text]) + page
        begin, end = self._page_bytes[number : number + 2].tolist()
        if begin == end:
            return ""
        packed = self._data.read("pages", begin, end)
        return str(self._unpacker.decompress(packed.data), "utf-8")

    @property
    def _unpacker(self) -> zstandard.ZstdDecompressor:
        """The decompressor of this thread. Threads that share one would corrupt its state."""
        try:
            unpacker: zstandard.ZstdDecompressor = self._thread_local.unpacker
        except AttributeError:
            dictionary = zstandard.ZstdCompressionDict(self._dictionary)
            unpacker = zstandard.ZstdDecompressor(dict_data=dictionary)
            self._thread_local.unpacker = unpacker
        return unpacker

    @cached_property
    def text_numbers(self) -> dict[str, int]:
        """The number of each text, by its digest."""
        return {info.digest: number for number, info in enumerate(self.infos)}
