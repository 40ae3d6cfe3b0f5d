"""Build the forward index: replace each word by a provisional number, in document order.

A word gets its provisional number when it first occurs. `term_dictionary` assigns the final, sorted
numbers after the last publication.
"""

from __future__ import annotations

import os
import signal
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import groupby
from multiprocessing import get_context, parent_process
from multiprocessing.process import BaseProcess
from operator import itemgetter
from pathlib import Path
from threading import Thread
from types import TracebackType

import numpy as np

from indexer.analysis import tokenizer
from indexer.catalogue import schema
from indexer.catalogue.fields import Catalogue
from indexer.catalogue.records import Publication
from indexer.codec.segment.array_file import Array, Spool
from indexer.codec.segment.reader import Segment
from indexer.codec.segment.term_dictionary import (
    FIRST,
    Stems,
    Vocabulary,
    stems_of,
    vocabulary,
    word_of,
)

ALONE = 2
"""After this many chunks of new publications, a second process numbers the words."""
WAITING = 3
"""Maximum number of chunks that wait for the second process or for the spool."""

Said = list[tuple[str, str]]
"""Pairs of language and text, in the order of the stream."""


class Numbers:
    """Provisional word numbers, assigned at the first occurrence of a word.

    `known` words have numbers from the start. `words` lists all words in the order of their
    numbers.
    """

    def __init__(self, usual: str, known: Sequence[str] = ()) -> None:
        self.usual = usual
        self.words = list(known)
        self._numbers = {word: number for number, word in enumerate(known, start=FIRST)}
        self._read: dict[str, _Reading] = {}

    def number(self, raw: str, language: str) -> int:
        """Return the number of a word as written in a text of this language."""
        word = word_of(raw, language, self.usual)
        number = self._numbers.setdefault(word, len(self.words) + FIRST)
        if number == len(self.words) + FIRST:
            self.words.append(word)
        return number

    def stream(self, texts: Said) -> Array:
        """Return the provisional stream (int32) of marked texts."""
        return np.concatenate([np.zeros(0, np.int32), *map(self._stream, texts)])

    def _stream(self, text: tuple[str, str]) -> Array:
        language, said = text
        reading = self._read.get(language)
        if reading is None:
            reading = self._read[language] = _Reading(self, language)
        found = tokenizer.marked_words(said)
        numbers = np.fromiter(map(reading.__getitem__, found), np.int32, len(found))
        unparted = np.flatnonzero(numbers < 0)
        if not len(unparted):
            return numbers
        pieces = np.split(numbers, np.sort(np.concatenate([unparted, unparted + 1])))
        return np.concatenate([
            reading.parts[-1 - piece[0]] if len(piece) and piece[0] < 0 else piece
            for piece in pieces
        ])  # fmt: skip


class _Reading(dict[str, int]):
    """Cache from each word of one language, as written, to its number.

    A run of text without spaces gets a negative number. `parts[-1 - number]` has the numbers of its
    words.
    """

    def __init__(self, numbers: Numbers, language: str) -> None:
        super().__init__({tokenizer.GAP_MARK: 0, tokenizer.FIELD_MARK: 1})
        self._numbers, self._language = numbers, language
        self.parts: list[Array] = []

    def __missing__(self, raw: str) -> int:
        if tokenizer.is_unparted(raw):
            words = tokenizer.parts(raw)
            given = [self._numbers.number(word, self._language) for word in words]
            self.parts.append(np.array(given, np.int32))
            self[raw] = number = -len(self.parts)
            return number
        self[raw] = number = self._numbers.number(raw, self._language)
        return number


def provisional(stream: Array) -> Array:
    """Convert a stream of final numbers to provisional ones.

    The words of that stream must be the known words of `Numbers`, in the same order.
    """
    return stream + np.int32(FIRST)


class WordStream:
    """The forward index of all publications, built chunk by chunk and spooled to disk.

    If there are many new publications, a second process numbers the words while this one reads on.
    `multiprocessing` starts it with the `spawn` method. A program that builds as a script therefore
    needs the usual guard (`if __name__ == "__main__"`). Raise ChildProcessError if that process was
    killed.
    """

    def __init__(self, folder: Path, catalogue: Catalogue, former: Segment | None) -> None:
        self.catalogue, self._former = catalogue, former
        known = former.words.texts.all() if former else []
        self._known = len(known)
        self.words: list[str] = list(known)
        self._numbers = Numbers(catalogue.language, known)
        self._spool = Spool(folder, np.int32)
        self._pending: deque[Future[tuple[Array, list[str]]] | Array] = deque()
        self._chunks = 0
        self._other: ProcessPoolExecutor | None = None
        self.counts = np.zeros(0, np.int64)

    def __enter__(self) -> WordStream:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        if self._other:
            self._other.shutdown(cancel_futures=True)
        self._spool.close()
        if isinstance(error, BrokenProcessPool):
            what = "a process of the build was killed, perhaps for want of memory"
            raise ChildProcessError(what) from error

    def add(self, publications: Sequence[Publication]) -> None:
        """Append the words of new publications."""
        texts = _said(publications, self.catalogue)
        self._chunks += 1
        if self._chunks == ALONE + 1:
            self._other = ProcessPoolExecutor(1, get_context("spawn"), _end_with_the_build)
            # Not an initializer argument: a list longer than the pipe buffer would block if the
            # process has died.
            self._other.submit(_begin, self.catalogue.language, self.words)
        if self._other:
            self._pending.append(self._other.submit(_numbered, texts))
        else:
            self._pending.append(self._numbers.stream(texts))
            self.words = self._numbers.words
        self._take(WAITING)

    def copy(self, numbers: Array) -> None:
        """Append the words of documents of the previous segment, by their numbers there."""
        assert self._former is not None
        self._pending.append(provisional(self._former.layout.only(numbers).stream))
        self._take(WAITING)

    def _take(self, most: int) -> None:
        """Spool the oldest pending chunks until at most `most` are left."""
        while len(self._pending) > most:
            each = self._pending.popleft()
            if isinstance(each, Future):
                stream, new = each.result()
                self.words += new
            else:
                stream = each
            self._spool.append(stream)
            counts = np.bincount(stream, minlength=len(self.counts))
            counts[: len(self.counts)] += self.counts
            self.counts = counts

    def all(self) -> Array:
        """Return the whole provisional stream, memory-mapped."""
        self._take(0)
        if self._other:
            self._other.shutdown()
        return self._spool.array()

    def vocabulary(self) -> Vocabulary:
        """Return the vocabulary of the whole stream."""
        return vocabulary(self.words, self.counts, self._known)

    def stems(self, vocabulary: Vocabulary) -> Stems:
        """Return the stems of a vocabulary.

        The stems of known words are copied from the previous segment.
        """
        known, of_word = [], np.zeros(0, np.int32)
        if self._former is not None:
            known, of_word = self._former.stems.texts.all(), self._former.stem_of
        return stems_of(vocabulary, self.catalogue.language, known, of_word)


def _said(publications: Sequence[Publication], catalogue: Catalogue) -> Said:
    """Return the searchable text of publications; adjacent texts in one language are joined."""
    said = (
        (
            schema.language_of(each, field, catalogue),
            tokenizer.marked(schema.text_of(each, field, catalogue)),
        )
        for each in publications
        for field in catalogue.searchable
    )
    return [
        (language, "".join([text for _, text in texts]))
        for language, texts in groupby(said, key=itemgetter(0))
    ]


_other: Numbers


def _begin(usual: str, words: list[str]) -> None:
    global _other  # noqa: PLW0603  kept from chunk to chunk
    _other = Numbers(usual, words)


def _end_with_the_build() -> None:
    """Exit this process when the build exits.

    If the build is killed, no other code ends this process.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the build handles Ctrl-C
    Thread(target=_end_after, args=(parent_process(),), daemon=True).start()


def _end_after(build: BaseProcess) -> None:
    build.join()
    os._exit(1)


def _numbered(texts: Said) -> tuple[Array, list[str]]:
    """Return the stream of the texts, and the words that are new in them."""
    known = len(_other.words)
    stream = _other.stream(texts)
    return stream, _other.words[known:]
