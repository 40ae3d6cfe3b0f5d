"""Build the forward index: replace each word by a provisional number, in document order.

A word gets its provisional number when it first occurs. `term_dictionary` assigns the final, sorted
numbers after the last publication.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from types import TracebackType

import numpy as np

from indexer.analysis import tokenizer
from indexer.catalogue import schema
from indexer.catalogue.fields import Catalogue
from indexer.catalogue.records import Publication
from indexer.codec.segment.array_file import Array, Spool
from indexer.codec.segment.reader import Segment
from indexer.codec.segment.string_table import StringTable, encode_texts
from indexer.codec.segment.term_dictionary import (
    FIRST_NUMBER,
    StemTable,
    WordTable,
    encode_word,
    number_stems,
    number_words,
)
from indexer.ingest.build_process import BuildProcess

BATCHES_BEFORE_PROCESS = 2
"""After this many batches of new publications, a second process numbers the words."""
MAX_PENDING_BATCHES = 3
"""Maximum number of batches that wait for the second process or for the spool."""
MAX_CACHED_WORDS = 1 << 18
"""Words of one language that are cached as written. Most of the later ones occur only once."""

TextRuns = list[tuple[str, str]]
"""Pairs of language and text, in the order of the stream."""


class WordNumbers:
    """Provisional word numbers, assigned at the first occurrence of a word.

    The `words` passed in have numbers from the start.
    """

    def __init__(self, default_language: str, words: Sequence[str] = ()) -> None:
        self.default_language = default_language
        self._new: list[str] = []
        self._numbers = {word: number for number, word in enumerate(words, start=FIRST_NUMBER)}
        self._by_language: dict[str, _LanguageNumbers] = {}

    def number_word(self, word: str, language: str) -> int:
        """Return the number of a word as written in a text of this language."""
        encoded = encode_word(word, language, self.default_language)
        next_number = len(self._numbers) + FIRST_NUMBER
        number = self._numbers.setdefault(encoded, next_number)
        if number == next_number:
            self._new.append(encoded)
        return number

    @property
    def words(self) -> list[str]:
        """All words in the order of their numbers."""
        return list(self._numbers)

    def take_new_words(self) -> list[str]:
        """Return the words that got a number since the last call, in the order of the numbers."""
        new, self._new = self._new, []
        return new

    def encode(self, texts: TextRuns) -> Array:
        """Return the provisional stream (int32) of marked texts."""
        return np.concatenate([np.zeros(0, np.int32), *map(self._encode_run, texts)])

    def _encode_run(self, run: tuple[str, str]) -> Array:
        language, text = run
        numbers_of = self._by_language.get(language)
        if numbers_of is None:
            numbers_of = self._by_language[language] = _LanguageNumbers(self, language)
        words = tokenizer.words_and_marks(text)
        numbers = np.fromiter(map(numbers_of.__getitem__, words), np.int32, len(words))
        unsegmented = np.flatnonzero(numbers < 0)
        if not len(unsegmented):
            return numbers
        slices = np.split(numbers, np.sort(np.concatenate([unsegmented, unsegmented + 1])))
        return np.concatenate([
            numbers_of.bigrams[-1 - part[0]] if len(part) and part[0] < 0 else part
            for part in slices
        ])  # fmt: skip


class _LanguageNumbers(dict[str, int]):
    """Cache from words of one language, as written, to their numbers. Frequent words come first.

    A run of text without spaces gets a negative number. `bigrams[-1 - number]` has the word numbers
    of its bigrams.
    """

    def __init__(self, numbers: WordNumbers, language: str) -> None:
        super().__init__({tokenizer.GAP_MARK: 0, tokenizer.FIELD_MARK: 1})
        self._numbers, self._language = numbers, language
        self.bigrams: list[Array] = []

    def __missing__(self, word: str) -> int:
        if not word.isascii() and tokenizer.is_unsegmented(word):
            words = tokenizer.bigrams(word)
            numbers = [self._numbers.number_word(bigram, self._language) for bigram in words]
            self.bigrams.append(np.array(numbers, np.int32))
            self[word] = number = -len(self.bigrams)
            return number
        number = self._numbers.number_word(word, self._language)
        if len(self) < MAX_CACHED_WORDS:
            self[word] = number
        return number


def to_provisional(stream: Array) -> Array:
    """Convert a stream of final numbers to provisional ones.

    The words of that stream must be the initial words of `WordNumbers`, in the same order.
    """
    return stream + np.int32(FIRST_NUMBER)


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
        texts = _collect_texts(publications, self.catalogue)
        self._batches += 1
        if self._batches == BATCHES_BEFORE_PROCESS + 1:
            self._start_process()
        if self._process.is_started:
            self._pending.append(self._process.submit(_number_texts, texts))
        else:
            self._pending.append(self._numbers.encode(texts))
            self._words.append(encode_texts(self._numbers.take_new_words()))
        self._collect(MAX_PENDING_BATCHES)

    def _start_process(self) -> None:
        self._process.submit(_begin_numbers, self.catalogue.language, self._numbers.words)
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


def _collect_texts(publications: Sequence[Publication], catalogue: Catalogue) -> TextRuns:
    """Return the searchable text of publications. Join adjacent texts in one language."""
    runs = (
        (
            schema.get_language(publication, field, catalogue),
            tokenizer.add_marks(schema.get_text(publication, field, catalogue)),
        )
        for publication in publications
        for field in catalogue.searchable
    )
    return [
        (language, "".join([text for _, text in texts]))
        for language, texts in groupby(runs, key=itemgetter(0))
    ]


_numbers: WordNumbers


def _begin_numbers(default_language: str, words: list[str]) -> None:
    global _numbers  # noqa: PLW0603  kept from batch to batch
    _numbers = WordNumbers(default_language, words)


def _number_texts(texts: TextRuns) -> tuple[Array, Array]:
    """Return the stream of the texts, and the words that are new in them, encoded."""
    stream = _numbers.encode(texts)
    return stream, encode_texts(_numbers.take_new_words())
