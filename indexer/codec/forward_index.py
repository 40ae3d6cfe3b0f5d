"""The stream of words of all publications, as it is gathered: what is read becomes numbers.

While publications are read, a word has the number in whose order it was first met; these
streams are provisional, until `words` gives the final numbers.
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
"""After so many chunks of new publications, words are numbered in a process beside this one."""
WAITING = 3
"""How many chunks may be on their way between the two."""

Said = list[tuple[str, str]]
"""Texts in the order of the stream, each with its language before it."""


class Numbers:
    """The numbers of words, given to them as they are met; `known` are those that have one.

    `words` has them all in the order of their numbers.
    """

    def __init__(self, usual: str, known: Sequence[str] = ()) -> None:
        self.usual = usual
        self.words = list(known)
        self._numbers = {word: number for number, word in enumerate(known, start=FIRST)}
        self._read: dict[str, _Reading] = {}

    def number(self, raw: str, language: str) -> int:
        """The number of a word that stands so in a text of a language."""
        word = word_of(raw, language, self.usual)
        number = self._numbers.setdefault(word, len(self.words) + FIRST)
        if number == len(self.words) + FIRST:
            self.words.append(word)
        return number

    def stream(self, texts: Said) -> Array:
        """The provisional stream (int32) of fields, a mark behind each."""
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
    """To each word of texts in one language, just as it stands there, its number.

    What is unparted has a negative number; `parts[-1 - number]` has those of its words.
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
    """A final stream as a provisional one, its words being those known first."""
    return stream + np.int32(FIRST)


class WordStream:
    """The stream of words of all publications, gathered chunk by chunk and put aside.

    Where there is much to be numbered, a second process does it while this one reads on. It
    is begun by `multiprocessing` in its `spawn` way, so a program that builds as a script needs the
    usual guard (`if __name__ == "__main__"`). Raises ChildProcessError if it was killed.
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
        """The words of publications that are new."""
        texts = _said(publications, self.catalogue)
        self._chunks += 1
        if self._chunks == ALONE + 1:
            self._other = ProcessPoolExecutor(1, get_context("spawn"), _end_with_the_build)
            # Not by the initializer: what is too long for a pipe waits for a process that died.
            self._other.submit(_begin, self.catalogue.language, self.words)
        if self._other:
            self._pending.append(self._other.submit(_numbered, texts))
        else:
            self._pending.append(self._numbers.stream(texts))
            self.words = self._numbers.words
        self._take(WAITING)

    def copy(self, numbers: Array) -> None:
        """The words of publications of the former stream."""
        assert self._former is not None
        self._pending.append(provisional(self._former.layout.only(numbers).stream))
        self._take(WAITING)

    def _take(self, most: int) -> None:
        """Puts the oldest of what is pending aside, until `most` are left."""
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
        """The whole provisional stream, mapped into memory."""
        self._take(0)
        if self._other:
            self._other.shutdown()
        return self._spool.array()

    def vocabulary(self) -> Vocabulary:
        """The words of the whole stream."""
        return vocabulary(self.words, self.counts, self._known)

    def stems(self, vocabulary: Vocabulary) -> Stems:
        """The stems of these words; those of words that were known are taken from there."""
        known, of_word = [], np.zeros(0, np.int32)
        if self._former is not None:
            known, of_word = self._former.stems.texts.all(), self._former.stem_of
        return stems_of(vocabulary, self.catalogue.language, known, of_word)


def _said(publications: Sequence[Publication], catalogue: Catalogue) -> Said:
    """What publications say in their searchable fields, in stretches of one language."""
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
    global _other  # noqa: PLW0603  what this process remembers from chunk to chunk
    _other = Numbers(usual, words)


def _end_with_the_build() -> None:
    """Has this process end when the build ends, which if killed would end no other."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the build's to answer
    Thread(target=_end_after, args=(parent_process(),), daemon=True).start()


def _end_after(build: BaseProcess) -> None:
    build.join()
    os._exit(1)


def _numbered(texts: Said) -> tuple[Array, list[str]]:
    """The stream of texts, and the words that were new in them."""
    known = len(_other.words)
    stream = _other.stream(texts)
    return stream, _other.words[known:]
