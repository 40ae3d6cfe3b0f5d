"""Build the forward index: the word stream of all publications, in document order.

It has provisional numbers. `term_dictionary` assigns the final, sorted numbers after the last
publication.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType

import msgspec
import numpy as np

from indexer.catalogue.fields import Catalogue
from indexer.catalogue.records import Publication
from indexer.codec.segment.array_file import Array, Spool
from indexer.codec.segment.reader import Segment
from indexer.codec.segment.string_table import StringTable, encode_texts
from indexer.codec.segment.term_dictionary import (
    StemTable,
    WordTable,
    number_stems,
    number_words,
)
from indexer.codec.segment.word_stream import (
    WordNumbers,
    collect_texts,
    to_provisional,
)
from indexer.ingest.build_process import BuildProcess

BATCHES_BEFORE_PROCESS = 2
"""After this many batches of new publications, a second process numbers the words."""
MAX_PENDING_BATCHES = 3
"""Maximum number of batches that wait for the second process or for the spool."""
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Publication]).decode


class ForwardIndexWriter(AbstractContextManager["ForwardIndexWriter"]):
    """The forward index of all publications, built batch by batch and spooled to disk.

    If there are many new publications, a second process numbers the words while this one reads. See
    BuildProcess for what it raises.
    """

    def __init__(self, folder: Path, catalogue: Catalogue, previous: Segment | None) -> None:
        self.catalogue, self._previous = catalogue, previous
        previous_words = previous.words.texts.to_list() if previous else []
        self._previous_words = len(previous_words)
        self._numbers = WordNumbers(catalogue.language, previous_words)
        self._words, self._spool = Spool(folder, np.uint8), Spool(folder, np.int32)
        self._words.append(encode_texts(previous_words))
        self._pending: deque[Future[tuple[Array, Array]] | Array] = deque()
        self._batches = 0
        self._process = BuildProcess()
        self.counts = np.zeros(0, np.int64)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:  # fmt: skip
        self._spool.close()
        self._words.close()
        self._process.__exit__(kind, error, traceback)

    def add(self, publications: Sequence[Publication]) -> None:
        """Append the words of new publications."""
        self._batches += 1
        if self._batches == BATCHES_BEFORE_PROCESS + 1:
            self._start_process()
        if self._process.is_started:
            self._pending.append(self._process.submit(_number_publications, _encode(publications)))
        else:
            self._pending.append(self._numbers.encode(collect_texts(publications, self.catalogue)))
            self._words.append(encode_texts(self._numbers.take_new_words()))
        self._collect(MAX_PENDING_BATCHES)

    def _start_process(self) -> None:
        self._process.submit(_begin_numbers, self.catalogue, self._numbers.words)
        del self._numbers  # only the second process needs them from now on

    def copy(self, doc_numbers: Array) -> None:
        """Append the words of documents of the previous segment, by their numbers there."""
        assert self._previous is not None
        self._pending.append(
            to_provisional(self._previous.forward_index.select(doc_numbers).stream)
        )
        self._collect(MAX_PENDING_BATCHES)

    def _collect(self, max_pending: int) -> None:
        """Spool the oldest pending batches until at most `max_pending` are left."""
        while len(self._pending) > max_pending:
            result = self._pending.popleft()
            if isinstance(result, Future):
                stream, new_words = result.result()
                self._words.append(new_words)
            else:
                stream = result
            self._spool.append(stream)
            counts = np.bincount(stream, minlength=len(self.counts))
            counts[: len(self.counts)] += self.counts
            self.counts = counts

    def finish(self) -> None:
        """Collect the last batches, and end the second process to free its memory."""
        self._collect(0)
        self._process.close()

    def to_array(self) -> Array:
        """Return the whole provisional stream, memory-mapped. Call `finish` before."""
        return self._spool.to_array()

    def make_word_table(self) -> WordTable:
        """Return the vocabulary of the whole stream."""
        words = StringTable.from_encoded(self._words.to_array()).to_list()
        return number_words(words, self.counts, self._previous_words)

    def make_stem_table(self, words: WordTable) -> StemTable:
        """Return the stems of a vocabulary.

        The stems of previous words are copied from the previous segment.
        """
        language, previous = self.catalogue.language, self._previous
        if previous is None:
            return number_stems(words, language, [], np.zeros(0, np.int32))
        return number_stems(words, language, previous.stems.texts.to_list(), previous.stem_of)


_catalogue: Catalogue
_numbers: WordNumbers


def _begin_numbers(catalogue: Catalogue, words: list[str]) -> None:
    global _catalogue, _numbers
    _catalogue, _numbers = catalogue, WordNumbers(catalogue.language, words)


def _number_publications(encoded: bytes) -> tuple[Array, Array]:
    """Return the stream of publications, and the words that are new in them, encoded."""
    stream = _numbers.encode(collect_texts(_decode(encoded), _catalogue))
    return stream, encode_texts(_numbers.take_new_words())
