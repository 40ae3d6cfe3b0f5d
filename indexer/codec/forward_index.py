"""Build the forward index: the word stream of all publications, in document order.

It has provisional numbers. `term_dictionary` assigns the final, sorted numbers after the last
publication.
"""

import os
import signal
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, ExitStack
from multiprocessing import get_context, parent_process
from pathlib import Path
from threading import Thread
from typing import ParamSpec, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from indexer.catalogue.fields import NAME_ROLES, Catalogue
from indexer.catalogue.records import Publication
from indexer.codec.segment import postings, term_dictionary
from indexer.codec.segment.array_file import (
    Array,
    ArrayFileWriter,
    Spool,
    StringTable,
    encode_texts,
    pick_dtype,
    pick_offset_dtype,
)
from indexer.codec.segment.postings import ForwardIndex
from indexer.codec.segment.term_dictionary import FIRST_NUMBER, StemTable, WordNumbers, WordTable

P = ParamSpec("P")
T = TypeVar("T")


class BuildProcess(AbstractContextManager["BuildProcess"]):
    """A second process, which the first call of `submit` starts.

    `multiprocessing` starts it with the `spawn` method. A program that builds as a script therefore
    needs the usual guard (`if __name__ == "__main__"`). The end of the block ends the process. If
    the process was killed, the end of the block raises ChildProcessError.
    """

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        self.close()
        if isinstance(error, BrokenProcessPool):
            message = "a process of the build was killed, perhaps because memory ran out"
            raise ChildProcessError(message) from error

    @property
    def is_started(self) -> bool:
        """Whether `submit` was called."""
        return self._pool is not None

    def submit(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Call a function of a module in the process, after earlier calls. Return its future.

        The state of the process is set by a first call. Arguments of an initializer that are longer
        than the buffer of a pipe would block the build if the process has died.
        """
        if self._pool:
            return self._pool.submit(function, *args, **kwargs)
        self._pool = ProcessPoolExecutor(1, get_context("spawn"), _end_with_build)
        # The process inherits that Ctrl-C is blocked. The build handles Ctrl-C for both.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            return self._pool.submit(function, *args, **kwargs)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)

    def close(self) -> None:
        """Stop the process to free its memory. Calls that have not begun are canceled."""
        if self._pool:
            self._pool.shutdown(cancel_futures=True)


def _end_with_build() -> None:
    """Exit this process when the build exits. If it is killed, no other code ends this process."""

    def exit_after_build() -> None:
        build = parent_process()
        assert build
        build.join()
        os._exit(1)

    Thread(target=exit_after_build, daemon=True).start()


NO_STEMS = np.zeros(0, np.int32)
CITED, USED = 0.1, 5.0
"""Weights of an occurrence of a name in an abstract, which may cite a person, and in a title or in
another field, where it is an ordinary word. An occurrence in the name of an author weighs 1."""
BATCHES_BEFORE_PROCESS = 2
"""After this many batches of new publications, a second process numbers the words."""
MAX_PENDING_BATCHES = 3
"""Maximum number of batches that wait for the second process or for the spool."""
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Publication]).decode


class ForwardIndexWriter(ExitStack):
    """The forward index of all documents, built batch by batch and spooled to disk.

    `words` are those of the previous segment. `counts` gives the number of occurrences of each
    provisional number. If there are many new documents, a second process numbers the words while
    this one reads. See BuildProcess for what it raises.
    """

    def __init__(self, folder: Path, catalogue: Catalogue, words: Sequence[str] = ()) -> None:
        super().__init__()
        self.catalogue, self._previous_words = catalogue, len(words)
        self._numbers = WordNumbers(catalogue.language, words)
        self._process = self.enter_context(BuildProcess())
        self._words, self._spool = Spool(folder, np.uint8), Spool(folder, np.int32)
        self.callback(self._words.close)
        self.callback(self._spool.close)
        self._words.append(encode_texts(words))
        self._pending: deque[Future[tuple[Array, Array]] | Array] = deque()
        self._batches = 0
        self.counts = np.zeros(FIRST_NUMBER + len(words), np.int64)

    def add(self, publications: Sequence[Publication]) -> None:
        """Append the words of new documents."""
        self._batches += 1
        if self._batches == BATCHES_BEFORE_PROCESS + 1:
            self._process.submit(_begin_numbers, self.catalogue, self._numbers.words)
            del self._numbers  # only the second process needs them from now on
        if self._process.is_started:
            self._pending.append(self._process.submit(_number_publications, _encode(publications)))
        else:
            texts = term_dictionary.collect_texts(publications, self.catalogue)
            self._pending.append(self._numbers.encode(texts))
            self._words.append(encode_texts(self._numbers.take_new_words()))
        self._collect(MAX_PENDING_BATCHES)

    def copy(self, stream: Array) -> None:
        """Append documents of the previous segment, given their words in its numbers."""
        # The previous words were the first to get numbers, in the same order.
        self._pending.append(stream + np.int32(FIRST_NUMBER))
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

    def write_words(
        self, writer: ArrayFileWriter, stems: Sequence[str] = (), stem_of: Array = NO_STEMS
    ) -> tuple[WordTable, StemTable]:
        """Write the words and stems after `finish`, given the previous `stems` and `stem_of`."""
        words = StringTable.from_encoded(self._words.to_array()).to_list()
        word_table = term_dictionary.number_words(words, self.counts, self._previous_words)
        language = self.catalogue.language
        stem_table = term_dictionary.number_stems(word_table, language, stems, stem_of)
        StringTable.from_texts(word_table.words).write(writer, "words")
        StringTable.from_texts(stem_table.texts).write(writer, "stems")
        writer.add("stem_of", stem_table.of_word)
        return word_table, stem_table

    def number(self, words: WordTable, make_stream: Callable[[int], Array]) -> ForwardIndex:
        """Return the forward index in final numbers, in the array that `make_stream` returns."""
        provisional, fields = self._spool.to_array(), len(self.catalogue.searchable)
        stream = make_stream(len(provisional))
        kind = pick_offset_dtype(len(stream))
        starts_of_parts = [np.zeros(1, kind)]
        gaps_of_parts: list[tuple[int, Array]] = []
        count = 0
        for first in range(0, len(provisional), postings.MAX_RUN_WORDS):
            part = words.numbers[provisional[first : first + postings.MAX_RUN_WORDS]]
            stream[first : first + postings.MAX_RUN_WORDS] = part
            ends = np.flatnonzero(part == term_dictionary.FIELD_END)
            gap_fields = np.searchsorted(ends, np.flatnonzero(part < term_dictionary.FIELD_END))
            gaps_of_parts.append((count, np.bincount(gap_fields)))
            starts_of_parts.append((ends + (first + 1)).astype(kind))
            count += len(ends)
        starts = np.concatenate(starts_of_parts)
        spans = np.diff(starts)
        spans -= 1
        for first, gaps in gaps_of_parts:
            spans[first : first + len(gaps)] -= gaps.astype(kind)
        # An extra row ends the last document. Its first column is the end, the others repeat it.
        rows = np.concatenate([starts, np.full(fields - 1, starts[-1])]).reshape(-1, fields)
        lengths = spans.astype(pick_dtype(int(spans.max(initial=0)))).reshape(-1, fields)
        return ForwardIndex(stream, rows, lengths)


def compute_name_shares(index: ForwardIndex, catalogue: Catalogue, words: int) -> NDArray[np.uint8]:
    """Return how far each of the words is a name: the share of its occurrences that are in names.

    They are those of people and bodies, such as authors, and ALL_NAMES is the whole. Occurrences
    elsewhere have the weights CITED and USED.
    """
    are_names = np.array([field.role in NAME_ROLES for field in catalogue.searchable])
    weights = [CITED if field.role == "abstract" else USED for field in catalogue.searchable]
    weights_elsewhere = np.where(are_names, 0.0, weights)
    in_names, elsewhere = np.zeros(words), np.zeros(words)
    for first, last in postings.split_offsets(index.starts[:, 0]):
        stream = index.stream[index.starts[first, 0] : index.starts[last, 0]]
        is_end = stream == term_dictionary.FIELD_END
        fields = (np.cumsum(is_end) - is_end) % len(weights)
        is_word = stream >= 0
        stream, fields = stream[is_word], fields[is_word]
        in_names += np.bincount(stream[are_names.take(fields)], minlength=words)
        elsewhere += np.bincount(stream, weights_elsewhere.take(fields), words)
    shares = term_dictionary.ALL_NAMES * in_names / np.maximum(in_names + elsewhere, 1e-9)
    return np.rint(shares).astype(np.uint8)


_catalogue: Catalogue
_numbers: WordNumbers


def _begin_numbers(catalogue: Catalogue, words: list[str]) -> None:
    global _catalogue, _numbers
    _catalogue, _numbers = catalogue, WordNumbers(catalogue.language, words)


def _number_publications(encoded: bytes) -> tuple[Array, Array]:
    """Return the stream of publications, and the words that are new in them, encoded."""
    stream = _numbers.encode(term_dictionary.collect_texts(_decode(encoded), _catalogue))
    return stream, encode_texts(_numbers.take_new_words())
