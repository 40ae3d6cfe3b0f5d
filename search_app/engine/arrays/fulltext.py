"""Matches of clauses in the full texts of a local index.

A clause matches a full text if its words are there. The frequency of a clause in a text is
normalized by length and saturated:

    strength = frequency / (frequency + k1 * (1 - b + b * length / mean length))

The strength is below 1, so the many words of a text never outweigh a title.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from functools import partial, reduce
from itertools import chain
from typing import NamedTuple

import numpy as np

from indexer.analysis import tokenizer
from indexer.analysis.folding import surface_form
from indexer.catalogue.fields import Catalogue
from indexer.codec.segment.array_file import Array, CorruptSegment
from indexer.codec.segment.attached_texts import AttachedTexts
from indexer.codec.segment.fulltext import FullTextSegment, PartPostings
from indexer.codec.segment.fulltext_dictionary import count_words
from indexer.codec.segment.postings import B_FULLTEXT, K1
from indexer.codec.segment.reader import Postings
from indexer.generations.manifest import IndexOutdated
from search_app.engine.arrays.positions import find_members
from search_app.engine.cache import Cache
from search_app.engine.query.nodes import (
    Clause,
    Expansion,
    Names,
    Part,
    Phrase,
    Term,
    Together,
    Value,
    WordPart,
    is_in_texts,
    split_page_parts,
    without_field,
)
from search_app.engine.query.term_expansion import TextExpansion, expand_in_texts

MAX_CACHED_POSTINGS = 64
"""Limit on cached postings of terms."""
MAX_CACHED_COUNTS = 2048
"""Limit on cached frequencies of parts of clauses, of at most 8 bytes a text each. Each hit needs
those of all names of an entity."""
MAX_CACHED_LABELS = 512
"""Limit on cached frequencies of the labels of entities."""

Check = Callable[[], object]


@contextmanager
def translate_errors() -> Iterator[None]:
    """Raise IndexOutdated if a file of full texts is damaged or can't be read."""
    try:
        yield
    except (CorruptSegment, OSError) as error:
        message = f"the full texts can't be read: {error}"
        raise IndexOutdated(message, "Run: pubsearch build --force") from error


class TextCounts(NamedTuple):
    """The texts of a segment in which a part of a clause occurs (int32), ascending, and how often.

    `counts` are int32.
    """

    texts: Array
    counts: Array

    @classmethod
    def make(cls, counts: Array) -> TextCounts:
        """Return counts, given that of each text."""
        texts = counts.nonzero()[0]
        return cls(texts.astype(np.int32), counts.take(texts).astype(np.int32))

    def have(self, text: int) -> bool:
        """Return whether the part occurs in a text."""
        index = int(self.texts.searchsorted(text))
        return index < len(self.texts) and bool(self.texts[index] == text)


class FullTextMatcher:
    """The full texts of a snapshot, ready for matching. Threads may share it.

    If `only_named`, they match only where a query names their field.

    Methods that read texts raise IndexOutdated if a file is damaged.
    """

    def __init__(self, attached: AttachedTexts, catalogue: Catalogue) -> None:
        self.attached, self._catalogue, self.only_named = attached, catalogue, False
        row = catalogue.fulltext
        assert row is not None
        self.field, self.weight = row.name, row.weight
        segments = attached.segments
        lengths = np.concatenate([np.zeros(0), *(segment.lengths for segment in segments)])
        self._norms = K1 * (1 - B_FULLTEXT + B_FULLTEXT * lengths / attached.mean_length)
        self._postings: Cache[object, PartPostings] = Cache(MAX_CACHED_POSTINGS)
        self._expansions: Cache[object, TextExpansion] = Cache(MAX_CACHED_POSTINGS)
        self._counts: Cache[object, TextCounts] = Cache(MAX_CACHED_COUNTS)
        self._labels: Cache[object, Array] = Cache(MAX_CACHED_LABELS)
        starts = np.flatnonzero(np.diff(attached.documents, prepend=-1))
        self._starts, self._documents = starts, attached.documents.take(starts)

    def match_only_named(self) -> FullTextMatcher:
        """Return a matcher of these texts that matches only where a query names their field.

        The two share their caches.
        """
        matcher = copy(self)
        matcher.only_named = True
        return matcher

    def find_postings(self, clause: Clause, check: Check) -> Postings:
        """Return the documents whose full texts match a clause, with the strength of each.

        `check` is called before each part of the clause, and before each word of a phrase.
        """
        with translate_errors():
            counts = [
                self._count(clause.parts, segment, check) for segment in self.attached.segments
            ]
        frequencies = np.concatenate([np.zeros(0), *counts])
        strengths = frequencies / (frequencies + self._norms)
        of_attachments = strengths.take(self.attached.texts)
        if not len(of_attachments):
            return Postings(np.zeros(0, np.int32), np.zeros(0, np.float32))
        of_documents = np.maximum.reduceat(of_attachments, self._starts)
        matching = of_documents.nonzero()[0]
        return Postings(
            self._documents.take(matching), of_documents.take(matching).astype(np.float32)
        )

    def count_texts(self, word: str) -> int:
        """Return the approximate number of texts with a word as written.

        It is 0 if only words with the field of the full text match.
        """
        if self.only_named:
            return 0
        return sum(
            segment.words.doc_frequency(number)
            for segment in self.attached.segments
            for number in segment.find_surface(surface_form(word)).tolist()
        )

    def list_words(self, prefix: str, least: int) -> Mapping[str, int]:
        """Return the words with a prefix that at least `least` texts have: see `count_texts`."""
        return {} if self.only_named else count_words(self.attached.segments, prefix, least)

    def _is_searched(self, part: WordPart) -> bool:
        return is_in_texts(part, self._catalogue, only_named=self.only_named)

    def _count(self, parts: Iterable[Part], segment: FullTextSegment, check: Check) -> Array:
        """Return how often the parts of a clause or the names of an entity occur in each text.

        The numbers are float64.
        """
        total = np.zeros(len(segment))
        for part in parts:
            check()
            match part:
                case Together():
                    counts = [self._count(each.parts, segment, check) for each in part.clauses]
                    total += part.boost * reduce(np.minimum, counts)
                case Names():
                    total += part.boost * self._count_names(part, segment, check)
                case Value():
                    pass
                case _ if self._is_searched(part):
                    found = self._count_part(part, segment, check)
                    total[found.texts] += part.boost * found.counts
        return total

    def _count_part(self, part: WordPart, segment: FullTextSegment, check: Check) -> TextCounts:
        """Return how often a term, an expansion, or a phrase occurs in the texts of a segment."""

        def count() -> TextCounts:
            if isinstance(part, Phrase):
                keys = self._find_keys(part, segment, check)
                texts = segment.part_texts.take(segment.get_parts(keys))
                return TextCounts.make(np.bincount(texts, minlength=len(segment)))
            postings = self._read(part, segment)
            return TextCounts.make(segment.count_in_texts(postings.parts, postings.counts))

        return self._counts.get((id(segment), without_field(part)), count)

    def _count_names(self, names: Names, segment: FullTextSegment, check: Check) -> Array:
        """Return how often the names of an entity occur in each text."""
        return self._labels.get(
            (id(segment), names.how, names.entity_id, self.only_named),
            lambda: self._count(names.parts, segment, check),
        )

    def find_clause_keys(
        self, clause: Clause, segment: FullTextSegment, text: int, check: Check
    ) -> list[Array]:
        """Return the positions of each part of a clause in a text.

        The words of a compound have positions if the text has all of them, and no other part.
        `check` is called as in `find_postings`.
        """
        parts, compounds = split_page_parts(clause, self._is_searched)
        wanted, keys = segment.part_texts == text, list[Array]()
        for part in parts:
            check()
            if not self._count_part(part, segment, check).have(text):
                continue  # an entity may have a thousand names
            if isinstance(part, Phrase):
                keys.append(self._find_keys(part, segment, check, wanted))
            else:
                postings = self._read(part, segment)
                keys.append(segment.read_keys(postings, wanted[postings.parts]))
        if any(map(len, keys)):
            return keys
        for compound in compounds:
            of_words = [
                self.find_clause_keys(word, segment, text, check) for word in compound.clauses
            ]
            if all(any(map(len, of_word)) for of_word in of_words):
                keys += chain.from_iterable(of_words)
        return keys

    def _find_keys(
        self, phrase: Phrase, segment: FullTextSegment, check: Check,
        wanted: Array | None = None,
    ) -> Array:  # fmt: skip
        """Return the positions at which a phrase starts: see `FullTextSegment.read_keys`.

        `check` is called before the positions of each word are read. `wanted` is a mask of parts;
        None means all.
        """
        found = [
            self._read_words(stem, partial(segment.find_stem, stem), segment)
            for stem in phrase.stems
        ]
        masks = [segment.mark_parts(postings.parts) for postings in found]
        mask = reduce(np.logical_and, masks if wanted is None else [*masks, wanted])
        rarest, *others = sorted(
            range(len(found)), key=lambda index: int(found[index].counts.sum())
        )
        check()
        keys = segment.read_keys(found[rarest], mask[found[rarest].parts]) - rarest
        for index in others:
            if not len(keys):
                break
            check()
            mask = segment.mark_parts(segment.get_parts(keys))
            near = segment.read_keys(found[index], mask[found[index].parts])
            keys = keys[find_members(keys + index, near)]
        return keys

    def _read(self, part: Term | Expansion, segment: FullTextSegment) -> PartPostings:
        """Return the postings of a term, prefix, wildcard or fuzzy term."""
        if not isinstance(part, Term):
            key = without_field(part)
            return self._read_words(key, lambda: self._expand(part, segment), segment)
        surface = part.text.removeprefix(tokenizer.SURFACE_PREFIX)
        find = segment.find_stem if surface == part.text else segment.find_surface
        return self._read_words(part.text, partial(find, surface), segment)

    def _expand(self, part: Expansion, segment: FullTextSegment) -> Array:
        """Return the words of a segment that a prefix, wildcard or fuzzy term matches."""
        return self._expand_in_all(part).numbers[self.attached.segments.index(segment)]

    def _expand_in_all(self, part: Expansion) -> TextExpansion:
        words = [segment.words for segment in self.attached.segments]
        return self._expansions.get(without_field(part), lambda: expand_in_texts(part, words))

    def count_dropped(self, clause: Clause) -> int:
        """Return how many words that a clause matches are above the limits of an expansion."""
        return sum(
            self._expand_in_all(part).dropped
            for part in clause.parts
            if isinstance(part, Expansion) and self._is_searched(part)
        )

    def _read_words(
        self, key: object, find: Callable[[], Array], segment: FullTextSegment
    ) -> PartPostings:
        """Return the cached postings of a key, or else those of the words that `find` returns."""
        return self._postings.get((id(segment), key), lambda: segment.read_postings(find()))
