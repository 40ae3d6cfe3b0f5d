"""The words of publications as numbers: what is read becomes a stream of words.

While publications are read, a word has the number in whose order it was first met; these
streams are provisional. Once all is read, words are sorted, and the stream gets the final
numbers.

A word is what is written, and its stem. Most have the stem that the catalogue's language gives
them, and are told by what is written alone; behind others, those of texts in other languages,
the stem follows after a STEM_MARK, which sorts before all that words hold.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import groupby
from multiprocessing import get_context
from operator import itemgetter
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

import numpy as np

from indexer import analysis, languages, schema
from indexer.columnar.segment import Segment
from indexer.columnar.storage import Array, Spool
from indexer.fields import Catalogue
from indexer.folding import as_written
from indexer.record import Publication

FIELD_END, GAP = -1, -2
"""What stands in a stream behind each field, and where texts of one field are parted."""
_FIRST = 2
"""The provisional number of the first word; 0 and 1 stand for GAP and FIELD_END."""

ALONE = 2
"""After so many chunks of new publications, words are numbered in a process beside this one."""
WAITING = 3
"""How many chunks may be on their way between the two."""


STEM_MARK = "\x1d"
Said = list[tuple[str, str]]
"""Texts in the order of the stream, each with its language before it."""


def word_of(raw: str, language: str, usual: str) -> str:
    """The word that stands in a text of one language, in a catalogue of another as a rule."""
    written = as_written(raw)
    if raw.isascii() and language == usual:
        return written
    stem = languages.stem(raw, language)
    is_usual = stem == languages.stem(written, usual)
    return written if is_usual else f"{written}{STEM_MARK}{stem}"


def written_of(word: str) -> str:
    """What is written where a word stands."""
    return word.partition(STEM_MARK)[0]


def stem_of_word(word: str, usual: str) -> str:
    """The stem of a word."""
    written, mark, stem = word.partition(STEM_MARK)
    return stem if mark else languages.stem(written, usual)


class Numbers:
    """The numbers of words, given to them as they are met; `known` are those that have one.

    `words` has them all in the order of their numbers.
    """

    def __init__(self, usual: str, known: Sequence[str] = ()) -> None:
        self.usual = usual
        self.words = list(known)
        self._numbers = {word: number for number, word in enumerate(known, start=_FIRST)}
        self._read: dict[str, _Reading] = {}

    def number(self, raw: str, language: str) -> int:
        """The number of a word that stands so in a text of a language."""
        word = word_of(raw, language, self.usual)
        number = self._numbers.setdefault(word, len(self.words) + _FIRST)
        if number == len(self.words) + _FIRST:
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
        found = analysis.marked_words(said)
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
        super().__init__({analysis.GAP_MARK: 0, analysis.FIELD_MARK: 1})
        self._numbers, self._language = numbers, language
        self.parts: list[Array] = []

    def __missing__(self, raw: str) -> int:
        if analysis.is_unparted(raw):
            words = analysis.parts(raw)
            given = [self._numbers.number(word, self._language) for word in words]
            self.parts.append(np.array(given, np.int32))
            self[raw] = number = -len(self.parts)
            return number
        self[raw] = number = self._numbers.number(raw, self._language)
        return number


def provisional(stream: Array) -> Array:
    """A final stream as a provisional one, its words being those known first."""
    return stream + np.int32(_FIRST)


class Vocabulary(NamedTuple):
    """The words that are there, sorted, and what became of the provisional numbers.

    `numbers` has the final number of each provisional one, `former` that of each word of the
    former segment; both have GAP for words that are gone.
    """

    words: list[str]
    numbers: Array
    former: Array


def vocabulary(words: Sequence[str], counts: Array, former: int) -> Vocabulary:
    """The vocabulary of words that have provisional numbers, the first `former` known before.

    `counts` tells how often each provisional number stands in the stream.
    """
    used = np.flatnonzero(counts[_FIRST : _FIRST + len(words)])
    order = sorted(used.tolist(), key=words.__getitem__)
    numbers = np.full(len(words) + _FIRST, GAP, np.int32)
    numbers[:_FIRST] = GAP, FIELD_END
    numbers[np.array(order, np.int64) + _FIRST] = np.arange(len(order), dtype=np.int32)
    sorted_words = [words[number] for number in order]
    return Vocabulary(sorted_words, numbers, numbers[_FIRST : _FIRST + former])


class Stems(NamedTuple):
    """The distinct stems of some words, sorted; `of_word` has the number of each word's stem.

    `former` has the number of each stem of the former segment, GAP for those that are gone.
    """

    texts: list[str]
    of_word: Array
    former: Array


def stems_of(
    vocabulary: Vocabulary, usual: str, known: Sequence[str], known_of_word: Array
) -> Stems:
    """The stems of a vocabulary, in a catalogue of which this is the usual language.

    `known` are the stems of the former segment, and `known_of_word` those of its words: what
    has been stemmed before is not stemmed again.
    """
    words, _, former = vocabulary
    stays = former >= 0
    is_new = np.ones(len(words), np.bool_)
    is_new[former[stays]] = False
    new = np.flatnonzero(is_new).tolist()
    stems = [stem_of_word(words[number], usual) for number in new]
    used = np.zeros(len(known), np.bool_)
    used[known_of_word[stays]] = True
    left = np.flatnonzero(used).tolist()
    texts = sorted({*(known[number] for number in left), *stems})
    number_of = {text: number for number, text in enumerate(texts)}
    former_stems = np.full(len(known), GAP, np.int32)
    former_stems[left] = [number_of[known[number]] for number in left]
    of_word = np.empty(len(words), np.int32)
    of_word[former[stays]] = former_stems[known_of_word[stays]]
    of_word[new] = [number_of[stem] for stem in stems]
    return Stems(texts, of_word, former_stems)


class WordStream:
    """The stream of words of all publications, gathered chunk by chunk and put aside.

    Where there is much to be numbered, a second process does it while this one reads on. It
    is begun by `multiprocessing` in its `spawn` way, so a program that builds as a script needs the
    usual guard (`if __name__ == "__main__"`).
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

    def add(self, publications: Sequence[Publication]) -> None:
        """The words of publications that are new."""
        texts = _said(publications, self.catalogue)
        self._chunks += 1
        if self._chunks == ALONE + 1:
            self._other = ProcessPoolExecutor(1, get_context("spawn"))
            # Not by an initializer: what is too long for a pipe waits for a process that died.
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
            analysis.marked(schema.text_of(each, field, catalogue)),
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


def _numbered(texts: Said) -> tuple[Array, list[str]]:
    """The stream of texts, and the words that were new in them."""
    known = len(_other.words)
    stream = _other.stream(texts)
    return stream, _other.words[known:]
